// What belongs to an item, in the right column: likely twins with reasons, ties, referrals, and what else came
// from this person and about this firm.
import { ask } from "./desk_server.js";
import { change, current, openItem, part } from "./desk_item.js";
import { now, on } from "./desk_now.js";
import { $, button, lang, make, spaced, sure, w, when } from "./desk_parts.js";

const LISTS = ["item-likely", "item-ties", "item-referrals", "item-firm", "item-person"];
const MONTH = 30 * 86_400_000;

on("shown", () => {
  $("beside").hidden = now.view !== "item";
  $("call-past").hidden = now.view === "item" && !now.pop;
});

part((one, another) => {
  if (another) for (const id of LISTS) fill(id, []);
  showBeside(one.number);
});

function fill(id, rows) {
  $(`${id}-box`).hidden = !rows.length;
  $(id).replaceChildren(...rows);
}

async function showBeside(number) {
  const asked = [`queue/${number}/likely`, `queue/${number}/matter`, `referrals?number=${number}`, `queue/${number}/history`];
  const [likely, matter, referrals, history] = await Promise.all(asked.map((what) => ask("GET", what).catch(() => null)));
  const one = current();
  if (one?.number !== number) return;
  const ties = matter?.links || [];
  const twins = (likely?.items || []).filter((other) => !ties.some((tie) => tie.number === other.number));
  fill("item-likely", twins.map(likelyRow));
  const numbers = (matter?.externals || []).map((other) => make("li", `${w(`source.${other.source}`).replace("source.", "")} ${other.external_no} · ${when(other.at)} · ${other.who}`));
  const parent = one.merged_into ? [mergedRow(one.merged_into)] : [];
  fill("item-ties", [...parent, ...ties.map(tieRow), ...numbers]);
  fill("item-referrals", (referrals?.items || []).map(referralRow));
  showHistory(one, history);
  $("beside-none").hidden = LISTS.some((id) => !$(`${id}-box`).hidden);
  document.body.dataset.matter = number;
}

function showHistory(one, history) {
  const firm = history?.respondent || [];
  fill("item-firm", firm.map(earlierRow));
  $("item-firm-name").textContent = one.respondent.name;
  const lately = firm.filter((other) => Math.abs(Date.parse(one.received_at) - Date.parse(other.received_at)) <= MONTH).length;
  $("item-firm-count").textContent = w("lately", lately);
  fill("item-person", (history?.person || []).map(earlierRow));
  findsAll("item-firm", one.respondent.name);
  findsAll("item-person", one.kind === "report" ? "" : one.person.phone);
}

// The lists here are of the latest only, and of firms of half a year: the search has all.
function findsAll(id, words) {
  $(`${id}-all`).hidden = !words;
  $(`${id}-all`).onclick = () => {
    for (const over of ["context-close", "back-to-list"]) if ($(over).checkVisibility()) $(over).click(); // on a phone
    $("q").value = words;
    $("search").requestSubmit();
  };
}

function numbered(number) {
  return button(spaced(number), () => openItem(number), "plain");
}

function earlierRow(other) {
  const row = make("li");
  const about = [w(`kind.${other.kind}`), w(`item.${other.state}`), when(other.received_at)].join(" · ");
  row.append(numbered(other.number), make("div", about, "soft"), make("div", [other.respondent_name, other.content].filter(Boolean).join("：").slice(0, 60)));
  return row;
}

function referralRow(one) {
  const state = w(`referral.${one.direction === "in" ? "in." : ""}${one.state}`);
  return make("li", [`${w(`direction.${one.direction}`)} ${one.partner}`, state, one.their_number, `${w("due")} ${one.due}`, one.text].filter(Boolean).join(" · "));
}

function likelyRow(one) {
  const row = make("li");
  const why = one.reasons.map((reason) => reason[lang]).join(lang === "zh" ? "；" : "; ");
  const about = [w("score", one.score), w(`channel.${one.channel}`), w(`kind.${one.kind}`), w(`item.${one.state}`), when(one.received_at), one.respondent_name].filter(Boolean).join(" · ");
  row.append(
    numbered(one.number),
    make("div", about, "soft"),
    make("div", why),
    button(w("tie"), () => change(`queue/${current().number}/link`, { other: one.number, reason: why })),
    sure(w("merge_into"), () => change(`queue/${current().number}/merge`, { into: one.number, text: why })),
  );
  if (current().kind === "report" && one.kind === "report")
    row.append(sure(w("merge_new_facts"), () => change(`queue/${current().number}/merge`, { into: one.number, new_facts: true, text: why })));
  return row;
}

function tieRow(one) {
  const row = make("li");
  row.append(numbered(one.number), make("span", ` ${[w(`tie.${one.link}`), w(`kind.${one.kind}`), w(`item.${one.state}`), one.reason].filter(Boolean).join(" · ")} `, "soft"));
  if (one.link === "same_matter") row.append(sure(w("untie"), () => change(`queue/${current().number}/unlink`, { other: one.number, reason: w("mistaken") })));
  return row;
}

function mergedRow(number) {
  const row = make("li");
  row.append(make("span", `${w("merged_into")} `), numbered(number), sure(w("unmerge"), () => change(`queue/${current().number}/unmerge`, { reason: w("mistaken") })));
  return row;
}
