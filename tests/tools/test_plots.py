import matplotlib.pyplot as plt
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from autograder.tools.plots import graph, picture_row

PLACES = {"a": (0, 0), "b": (1, 0), "c": (2, 1), "far": (9, 9)}


def drawn(edges, **options):
    axes = Figure().subplots()
    graph(axes, edges, PLACES, **options)
    names = [text.get_text() for text in axes.texts if text.get_text()]
    colours = [a.arrow_patch.get_edgecolor()[:3] for a in axes.texts if not a.get_text()]
    return axes, names, colours


def test_every_node_of_an_edge_is_drawn_once_and_no_other():
    axes, names, colours = drawn([("a", "b"), ("b", "c"), ("a", "c")])
    assert (names, len(colours)) == (["a", "b", "c"], 3)
    assert axes.get_xlim() == (-0.5, 2.5)


def test_highlighted_edges_have_another_colour():
    _, _, colours = drawn([("a", "b"), ("b", "c")], highlighted={("b", "c")})
    assert colours == [to_rgb("grey"), to_rgb("tab:orange")]


def test_nodes_without_a_place_and_their_edges_are_left_out():
    _, names, colours = drawn([("a", "b"), ("b", "unknown")])
    assert (names, len(colours)) == (["a", "b"], 1)


def test_a_graph_without_edges_is_empty():
    assert drawn([])[1:] == ([], [])


def test_a_row_of_pictures_has_a_title_for_each(monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.gcf()))
    picture_row(torch.rand(2, 3, 5, 5), ["a long title of words", "b"])
    said = [axes.texts[0].get_text() for axes in shown[0].axes]
    assert said == ["a long title\nof words", "b"]
    picture_row(torch.rand(1, 3, 5, 5), ["alone"])
    assert len(shown[1].axes) == 1
    plt.close("all")
