// After registering on a call: number, query code and clocks, to be read to the caller; copied, printed, corrected.
import { openItem } from "./desk_item.js";
import { now, on, tell } from "./desk_now.js";
import { $, button, make, spaced, w } from "./desk_parts.js";

on("made", (items) => {
  $("made-items").replaceChildren(...items.map(row));
  $("made-said").textContent = "";
  $("made-more").hidden = !now.pop;
  $("made").hidden = false;
  $("made-close").focus();
  $("made").scrollIntoView({ block: "nearest" });
});
on("popped", close);

function close() {
  $("made").hidden = true;
  $("made-items").replaceChildren();
}
$("made-close").addEventListener("click", close);
$("made-more").addEventListener("click", () => {
  close();
  tell("more");
});

function row({ number, query_code, due }) {
  const line = make("li");
  const facts = make("dl", "", "facts");
  facts.append(pair(w("number"), spaced(number), "number"), pair(w("code"), query_code, "number code"), ...due.map((one) => pair(w(`clock.${one.clock}`), `${one.on}${one.provisional ? w("provisional") : ""}`)));
  const acts = make("div", "", "acts");
  const text = [`${w("number")} ${number}`, `${w("code")} ${query_code}`, ...due.map((one) => `${w(`clock.${one.clock}`)} ${one.on}`)].join("\n");
  const form = Object.assign(make("a", w("form"), "button"), { href: `/api/v1/queue/${number}/form`, target: "_blank" });
  acts.append(button(w("copy"), () => copy(text)), form, button(w("correct"), () => openItem(number)));
  line.append(facts, acts);
  return line;
}

function pair(name, text, className = "") {
  const line = make("div");
  line.append(make("dt", name), make("dd", text, className));
  return line;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    $("made-said").textContent = w("copied");
  } catch {
    $("made-said").textContent = text; // to be copied by hand
  }
}
