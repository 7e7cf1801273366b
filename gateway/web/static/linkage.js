// /desk/linkage: what passes between us and partner hotlines, and what we say of it. One row a referral.
import { ask } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, alarm, button, make, role, spaced, today, told, w, when } from "./desk_parts.js";

// What our side says of a referral in each state; the other side says the rest.
const OURS = {
  out: { sent: ["keep"], answered: ["close"] },
  in: { sent: ["accept", "refuse"], accepted: ["answer", "return"], answered: ["answer"] },
};
const COUNTED = ["made", "accepted", "refused", "returned", "kept", "answered", "in_time", "late", "owed", "overdue", "satisfied", "dissatisfied"];

let rows = [];
let next = null;
let at = null; // the referral that something is being said of
const words = keepWords($("say-form"), () => at && `referral:${at.one.id}:${at.event}`);

function rowOf(one) {
  const row = make("tr");
  row.dataset.id = one.id;
  const owed = ["sent", "accepted"].includes(one.state);
  const due = make("td", one.due, owed && one.due < today() ? "late" : "");
  const slip = [w(`kind.${one.slip.kind}`), one.slip.respondent, one.slip.content].filter(Boolean).join(" · ");
  const open = Object.assign(make("a", spaced(one.number)), { href: `/desk#${one.number}` });
  const number = make("td");
  number.append(open, make("div", one.their_number && `${w("theirs")} ${one.their_number}`, "soft"));
  const said = make("td");
  said.append(make("div", slip.slice(0, 160)), make("div", one.text, "soft"));
  const acts = make("td");
  acts.append(...(OURS[one.direction][one.state] || []).map((event) => button(w(`event.${event}`), () => begin(one, event))));
  row.append(number, make("td", `${w(`direction.${one.direction}`)} ${w(`partner.${one.partner}`).replace("partner.", "")}`), make("td", w(`referral.${one.direction === "in" ? "in." : ""}${one.state}`)), due, said, make("td", when(one.made_at)), acts);
  return row;
}

async function read(more = false) {
  const asked = new URLSearchParams({ limit: "50" });
  for (const name of ["state", "partner"]) if ($(name).value) asked.set(name, $(name).value);
  if (more && next) asked.set("after", next);
  try {
    const page = await ask("GET", `referrals?${asked}`);
    rows = more ? [...rows, ...page.items] : page.items;
    next = page.next;
    $("ledger").replaceChildren(...rows.map(rowOf));
    $("empty").hidden = rows.length > 0;
    $("more").hidden = !next;
    alarm("");
    document.body.dataset.read = String(rows.length);
  } catch (problem) {
    alarm(told(problem));
  }
}

function begin(one, event) {
  at = { one, event };
  $("say-name").textContent = `${w(`event.${event}`)} · ${one.id}`;
  $("say-satisfied").hidden = event !== "close";
  $("say-number").hidden = event === "close" && (one.direction === "in" || Boolean(one.their_number));
  for (const id of ["text", "their_number"]) $(id).value = "";
  words.restore();
  $("say-fault").textContent = "";
  $("say").showModal();
}

$("say-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { text: $("text").value.trim(), their_number: $("their_number").value.trim() };
  if (!$("say-satisfied").hidden && $("satisfied").value) body.satisfied = $("satisfied").value === "yes";
  try {
    await ask("POST", `referrals/${encodeURIComponent(at.one.id)}/${at.event}`, body);
    words.sent();
    $("say").close();
    await read();
  } catch (problem) {
    $("say-fault").textContent = told(problem);
  }
});
$("say-cancel").addEventListener("click", () => $("say").close());
for (const id of ["state", "partner"]) $(id).addEventListener("change", () => read());
$("more").addEventListener("click", () => read(true));

// ------------------------------------------------------------ a month, counted

async function count() {
  const month = $("month").value;
  if (!month) return;
  const [year, number] = month.split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  try {
    const { items } = await ask("GET", `referrals/accounts?first=${month}-01&last=${last}`);
    $("accounts").replaceChildren(
      ...items.map((one) => {
        const row = make("tr");
        row.append(make("td", `${w(`direction.${one.direction}`)} ${w(`partner.${one.partner}`).replace("partner.", "")}`), ...COUNTED.map((name) => make("td", String(one[name]), "clock")));
        return row;
      }),
    );
    $("accounts-empty").hidden = items.length > 0;
  } catch (problem) {
    alarm(told(problem));
  }
}

if (["supervisor", "admin"].includes(role)) {
  $("counted").hidden = false;
  $("month").value = today().slice(0, 7);
  $("month").addEventListener("change", count);
  count();
}

ask("GET", "partners").then(
  ({ items }) => $("partner").append(...items.map((one) => Object.assign(make("option", one.name), { value: one.id }))),
  () => {},
);
read();
