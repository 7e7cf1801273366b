// Beside the matrix of /desk/supervision: what a leader decides, and red orders that are still owed.
import { $, make, spaced, w } from "./desk_parts.js";
import { due } from "./supervision_list.js";
import { acts } from "./supervision_word.js";

const LEADS = ["leader", "supervisor", "admin"].includes(document.body.dataset.role);
const CHOICES = { extension: ["grant", "refuse"], dispute: ["uphold", "take_back"], pressing: ["urge", "supervise"] };

export function showWaiting({ waiting, red }) {
  $("waiting-count").textContent = `（${waiting.length}）`;
  $("waiting").replaceChildren(...waiting.map(decision));
  $("no-waiting").hidden = waiting.length > 0;
  $("red-box").hidden = !red.length;
  $("red-count").textContent = `（${red.length}）`;
  $("red").replaceChildren(...red.map(redRow));
}

const link = (number) => Object.assign(make("a", spaced(number)), { href: `/desk#${number}` });

function decision(one) {
  const row = make("li");
  row.dataset.what = one.what;
  const what = { extension: w("extension", one.days), dispute: w("dispute"), pressing: `${w("pressing")} · ${w(`order.${one.state}`)}` }[one.what];
  const head = make("div", "", "line");
  head.append(make("strong", `${what} · ${one.unit_name}`));
  const about = make("div", "", "line small");
  about.append(link(one.number));
  if (one.what === "extension") about.append(make("span", w("nth", one.nth), "soft"));
  if (one.what === "dispute") about.append(make("span", w("until", one.until), "soft"));
  about.append(due({ due: one.due }));
  row.append(head, about);
  if (one.said) row.append(make("div", one.said, "soft"));
  const may = one.what === "dispute" ? LEADS : document.body.dataset.role !== "agent";
  if (may) row.append(acts({ id: one.order, number: one.number, unit_name: one.unit_name }, CHOICES[one.what], "grant"));
  return row;
}

function redRow(one) {
  const row = make("li");
  const head = make("div", "", "line");
  head.append(make("strong", [one.rung.sheet || one.rung.rung_zh, one.unit_name].join(" · ")));
  const about = make("div", "", "line small");
  about.append(link(one.number), due(one));
  const paper = Object.assign(make("a", w("print"), "button"), { href: `/api/v1/orders/${one.order}/rungs/${one.rung.id}/paper`, target: "_blank" });
  const box = document.body.dataset.role === "agent" ? make("div", "", "acts") : acts({ id: one.order, number: one.number, unit_name: one.unit_name }, ["urge"]);
  box.prepend(paper);
  row.append(head, about, make("div", one.rung.text, "soft"), box);
  return row;
}
