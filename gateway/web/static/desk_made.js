// After registering on a call: number, query code and clocks, to be read to the caller; copied, printed, corrected.
import { ask } from "./desk_server.js";
import { openItem } from "./desk_item.js";
import { on, tell } from "./desk_now.js";
import { $, button, make, spaced, told, w } from "./desk_parts.js";

on("made", (items) => {
  $("made-items").replaceChildren(...items.map(row));
  $("made-said").textContent = "";
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
  const ways = make("div", "", "acts");
  acts.append(button(w("copy"), () => copy(text)), form, button(w("send_receipt"), () => offerWays(number, ways)), button(w("correct"), () => openItem(number)));
  line.append(facts, acts, ways);
  return line;
}

// The ways that leave something in the person's hands; the call itself told him.
async function offerWays(number, place) {
  const { items } = await ask("GET", `queue/${number}/ways`).catch(() => ({ items: [] }));
  const there = items.filter(({ id }) => id !== "phone");
  place.replaceChildren(...there.map((way) => button(`${w(`way.${way.id}`)} ${way.to}`, () => sendReceipt(number, way, place))));
  if (!there.length) $("made-said").textContent = w("no_way_out");
  else place.firstElementChild.focus();
}

async function sendReceipt(number, way, place) {
  try {
    await ask("POST", `queue/${number}/send-receipt`, { ways: [way.id] });
    place.replaceChildren();
    $("made-said").textContent = w(way.by_hand ? "receipt_to_post" : "receipt_sent", way.to);
  } catch (problem) {
    $("made-said").textContent = told(problem);
  }
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
