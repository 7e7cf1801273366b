// A reply to the person: its ways, its words, what goes out. Nothing is chosen before, and what is typed stays in
// this browser until it was sent.
import { ask } from "./desk_server.js";
import { cannedInto } from "./desk_item_canned.js";
import { change, current, keepTyped, part, placeFaults, sentTyped, typedIn } from "./desk_item.js";
import { lineOf, mayReply, readWays, wayName } from "./desk_item_told.js";
import { $, lang, make, w } from "./desk_parts.js";

const showAnswers = cannedInto("reply-canned", "reply-text");
const text = $("reply-text");
keepTyped(text);

part((one, another) => {
  $("write-reply").hidden = !mayReply(one);
  if (another || !mayReply(one)) close();
  if (another && mayReply(one) && typedIn(text)) open(false); // what was begun goes on
});

export async function open(focus = true) {
  const one = current();
  if ($("write-reply").hidden) return;
  if ($("reply-form").hidden) begin(one);
  if (focus) {
    text.focus();
    $("reply-form").scrollIntoView({ block: "nearest" });
  }
}
$("write-reply").addEventListener("click", () => open());

async function begin(one) {
  $("reply-form").hidden = false;
  $("reply-preview").hidden = true;
  $("reply-secret").hidden = one.kind !== "report" && !one.withheld && !one.anonymous;
  $("reply-canned-box").hidden = false;
  faulty(null);
  text.value = typedIn(text);
  $("reply-ways").replaceChildren($("reply-ways").firstElementChild);
  showAnswers(one.number);
  const ways = await readWays(one.number);
  if (current()?.number !== one.number) return;
  $("reply-ways").append(...(ways.length ? ways.map(wayBox) : [make("p", w("no_way"), "soft")]));
}

function wayBox({ id, to }) {
  const label = make("label", "", "check");
  const box = Object.assign(make("input"), { type: "checkbox", name: "way", value: id });
  box.setAttribute("aria-describedby", "fault-ways");
  label.append(box, ` ${wayName(id)} ${to}`);
  return label;
}

// Closes the form; false when it was not open. What was typed is kept.
export function close() {
  const open = !$("reply-form").hidden;
  $("reply-form").hidden = true;
  return open;
}
$("reply-not").addEventListener("click", close);

function faulty(problem) {
  $("reply-fault").textContent = placeFaults($("reply-form"), problem, { text, ways: $("reply-ways").querySelector("input") });
}

const said = () => ({ text: text.value.trim(), ways: [...$("reply-ways").querySelectorAll(":checked")].map((box) => box.value) });

// What is wanted and not there is said here; the server has the last word.
function complete({ text: words, ways }) {
  const faults = [];
  if (!ways.length) faults.push({ field: "ways", [lang]: w("needed.way") });
  if (!words) faults.push({ field: "text", [lang]: w("needed.text") });
  faulty(faults.length ? { faults } : null);
  return !faults.length;
}

$("reply-look").addEventListener("click", async () => {
  const body = said();
  if (!complete(body)) return;
  try {
    const { items } = await ask("POST", `queue/${current().number}/reply-preview`, body);
    $("reply-preview").replaceChildren(...items.flatMap((one) => [make("h4", lineOf(one)), make("p", one.text, "letter-text")]));
    $("reply-preview").hidden = false;
  } catch (problem) {
    faulty(problem);
  }
});
text.addEventListener("input", () => ($("reply-preview").hidden = true));

// The same words by the same ways, sent again since no answer came, are one reply.
function keyOf(number, body) {
  const place = `reply-key:${number}`;
  const wish = JSON.stringify(body);
  const kept = JSON.parse(localStorage.getItem(place) || "{}");
  const key = kept.wish === wish ? kept.key : `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  localStorage.setItem(place, JSON.stringify({ wish, key }));
  return key;
}

$("reply-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { number } = current();
  const body = said();
  if (!complete(body)) return;
  const send = event.submitter;
  if (send) send.disabled = true;
  if (await change(`queue/${number}/reply`, body, faulty, { "Idempotency-Key": keyOf(number, body) })) {
    localStorage.removeItem(`reply-key:${number}`);
    sentTyped(text);
    close();
  }
  if (send) send.disabled = false;
});
$("reply-form").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  close();
  $("write-reply").focus();
});
