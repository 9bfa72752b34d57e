// Keys and sums of the graders' pages; see KEYS in `page.py`. Nothing that a student wrote is read here.
"use strict";

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const form = find("#mark");
const shown = (points) => String(Math.round(points * 1e6) / 1e6);
let isChanged = false;
let isSaving = false;

function say(sentence) {
  const message = find("#message");
  message.textContent = sentence;
  message.hidden = !sentence;
  if (sentence) message.scrollIntoView({ block: "nearest" });
}

// ---- points

const items = () => all(".item");
const sum = () => items().reduce((total, item) => total + Number(item.dataset.given), 0);
const worth = () => Number(find("#points").dataset.of);

function show(item, points) {
  item.dataset.given = shown(points);
  item.querySelector(".given").textContent = shown(points);
  const isWhole = points >= Number(item.dataset.points);
  item.setAttribute("aria-pressed", points === 0 ? "false" : isWhole ? "true" : "mixed");
}

function give(item, share) {
  const more = Number(item.dataset.given) + share * Number(item.dataset.step);
  show(item, more > Number(item.dataset.points) + 1e-9 ? 0 : more);
  setPoints(Math.min(sum(), worth()));
}

// all items, where they make up the points; with alternatives among them nobody has all
function giveAll(points) {
  const whole = items().reduce((total, item) => total + Number(item.dataset.points), 0);
  for (const item of items()) show(item, points === whole ? Number(item.dataset.points) : 0);
  setPoints(points);
}

function setPoints(points) {
  find("#points").value = shown(points);
  changed();
}

function changed() {
  isChanged = true;
  say("");
  form.elements.items.value = items().map((item) => item.dataset.given).join(",");
  explain();
}

function explain() {
  const total = sum();
  const points = Number(find("#points").value.replace(",", "."));
  const isOver = total > worth() && points === worth();
  find("#sum").textContent = isOver
    ? `The items are ${shown(total)} together; the answer is worth ${shown(worth())}.`
    : total && points !== total ? `The items are ${shown(total)} together.` : "";
}

// ---- comments

function reuse(button) {
  const field = find("#comment");
  const before = field.value.trimEnd();
  field.value = before ? `${before}\n${button.dataset.comment}` : button.dataset.comment;
  changed();
  find("#save").focus();
}

// ---- saving

async function send(more) {
  if (isSaving) return;
  isSaving = true;
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
    const said = await answer.json();
    if (answer.ok) {
      isChanged = false;
      location.assign(said.next);
      return;
    }
    if (said.version) form.elements.version.value = said.version;
    say(said.message);
  } catch {
    say("The server does not answer, and nothing was saved. Leave this page open, start " +
      "`autograder mark` again, open its address beside it, then save here.");
  }
  isSaving = false;
}

function save() {
  if (find("#points").value.trim()) send({});
  else say("No points yet: give items of the scheme, f for all points, or 0 for none.");
}

// ---- keys

const press = (selector) => () => find(selector)?.click();
const focus = (selector) => () => { find(selector)?.focus(); find(selector)?.select?.(); };
const toggle = (selector) => () => { const part = find(selector); if (part) part.open = !part.open; };

function move(step) {
  const rows = all("a.row");
  if (!rows.length) return find(step > 0 ? "#after" : "#before")?.click();
  const at = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + step))].focus();
}

const keys = {
  f: press("#full"), 0: press("#none"), x: focus("#points"), e: focus("#extra"), c: focus("#comment"),
  r: focus(".reuse button"), u: press("#undo"), j: () => move(1), k: () => move(-1),
  q: toggle("#question"), m: toggle("#model"), l: press("#list"), o: press("#overview"),
  Enter: () => (form ? save() : find("#go-on")?.click()), "?": () => find("#help").showModal(),
};

// digits by their place, as some keyboards need Shift for them, and Shift means half here
const digit = (event) => /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];

function obey(event) {
  const number = digit(event);
  const target = event.target;
  if (event.key === "?" || number === undefined) return keys[event.key];
  if (number === "0") return event.shiftKey ? undefined : keys[0];
  if (target.closest(".reuse")) return press(`.reuse button:nth-of-type(${number})`);
  const item = items()[number - 1];
  return item && (() => give(item, event.shiftKey ? 0.5 : 1));
}

function isWriting(target) {
  return target.matches("input, textarea");
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (find("#help").open || event.isComposing) return;
  if (event.key === "Enter" && event.repeat) return event.preventDefault(); // held: saves once
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    return save();
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return target.blur();
  if (isWriting(target) && !(event.key === "Enter" && target.matches("input"))) return;
  if (event.key === "Enter" && target.closest("a, summary, button:not(.item)")) return;
  const action = obey(event);
  if (action) {
    event.preventDefault();
    action();
  }
});

// a page that the browser had kept shows marks that may have changed
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (form) {
  for (const item of items()) {
    show(item, Number(item.dataset.given));
    item.addEventListener("click", (event) => give(item, event.shiftKey ? 0.5 : 1));
  }
  for (const button of all(".reuse button")) button.addEventListener("click", () => reuse(button));
  find("#full").addEventListener("click", () => giveAll(worth()));
  find("#none").addEventListener("click", () => giveAll(0));
  find("#undo")?.addEventListener("click", () => send({ points: "", back: "1" }));
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  window.addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });
  explain();
}
