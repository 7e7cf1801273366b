// What somebody of the centre does with an order: some acts at once, others with a word in a dialog.
import { ask } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, button, make, spaced, told, w } from "./desk_parts.js";

// act -> its path, what else is sent, and whether it needs a word
const ACTS = {
  grant: ["decide-extension", { granted: true }, false],
  refuse: ["decide-extension", { granted: false }, true],
  uphold: ["uphold", {}, true],
  take_back: ["take-back", {}, true],
  urge: ["urge", {}, true],
  supervise: ["supervise", {}, true],
};
let current = null; // [act, order] of the open dialog
const words = keepWords($("word-form"), () => current && `order:${current[1].id}:${current[0]}`);

// Buttons for what this account may do to the order now.
export function acts(order, names, main = "") {
  const box = make("div", "", "acts");
  const may = (name) => !order.possible || order.possible.includes(ACTS[name][0]);
  box.append(...names.filter(may).map((name) => button(w(name), () => start(name, order), name === main ? "main" : "")));
  return box;
}

function start(name, order) {
  const [, , word] = ACTS[name];
  if (!word) return send(name, order, "");
  current = [name, order];
  $("word-name").textContent = $("word-do").textContent = w(name);
  $("word-order").textContent = `${spaced(order.number)} · ${order.unit_name}`;
  $("word-label").textContent = w(`say.${name}`);
  $("due-box").hidden = name !== "supervise";
  $("text").value = $("due").value = "";
  words.restore();
  $("word-fault").textContent = "";
  $("word").showModal();
  $("text").focus();
  return undefined;
}

async function send(name, order, text) {
  const [path, more] = ACTS[name];
  const body = { ...more, text, ...(name === "supervise" && { due: $("due").value }) };
  try {
    await ask("POST", `orders/${order.id}/${path}`, body);
  } catch (problem) {
    $(current ? "word-fault" : "fault").textContent = told(problem);
    return;
  }
  if (current) words.sent();
  current = null;
  $("word").close();
  $("said").textContent = w(`done.${path}`);
  $("said").hidden = false;
  dispatchEvent(new Event("order-acted"));
}

$("word-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (current) send(...current, $("text").value.trim());
});
$("word-close").addEventListener("click", () => $("word").close());
$("word").addEventListener("close", () => (current = null));
