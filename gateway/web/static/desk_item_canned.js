// Canned answers, filled in by the gateway for an item: one is chosen, and goes into a text where its cursor is.
import { ask } from "./desk_server.js";
import { $, make, w } from "./desk_parts.js";

// Gives what offers them, in the select `id` (in `id`-box, with `id`-hint), for the text `field`.
export function cannedInto(id, field) {
  const select = $(id);
  let answers = [];
  select.addEventListener("change", () => {
    const answer = answers.find((one) => one.id === select.value);
    if (!answer) return;
    const text = $(field);
    text.setRangeText(answer.text.trim(), text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input"));
    $(`${id}-hint`).textContent = answer.missing.length ? w("missing_words", answer.missing.join("、")) : "";
    text.focus();
  });
  return async (number) => {
    select.replaceChildren(Object.assign(make("option", w("choose_answer")), { value: "" }));
    $(`${id}-hint`).textContent = "";
    answers = await ask("GET", `queue/${number}/answers`).then(({ items }) => items, () => []);
    if (!answers.length) $(`${id}-box`).hidden = true;
    select.append(...answers.map((answer) => Object.assign(make("option", answer.title), { value: answer.id })));
  };
}
