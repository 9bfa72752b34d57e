"""How results are shown: in colours and tables where the front end has them, as text elsewhere."""
