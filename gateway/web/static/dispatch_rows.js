// Rows and facts of /desk/dispatch: of items to be assigned, and of orders.
import { lang, make, spaced, w, when } from "./desk_parts.js";

const given = (...texts) => texts.filter(Boolean).join(" · ");
const named = (kind, id) => id && w(`${kind}.${id}`).replace(`${kind}.`, "");

export function badge(due) {
  const made = make("span", due ? (lang === "zh" ? due.words : due.words_en) : "", "due");
  if (due) made.dataset.level = due.level;
  made.hidden = !due;
  return made;
}

function line(tags, right) {
  const top = make("span", "", "top");
  const left = make("span");
  left.append(...tags.filter(Boolean).map((text) => make("span", text, "tag")));
  top.append(left, right);
  return top;
}

export function itemLines(item) {
  const [first] = item.suggestion.candidates;
  const { clear } = item.suggestion;
  const likely = clear ? `→ ${first[lang]}` : `？ ${lang === "zh" ? item.suggestion.doubt : item.suggestion.doubt_en}`;
  return [
    line([w(`kind.${item.kind}`), item.returned && w("came_back")], badge(item.due)),
    make("span", given(item.respondent_name || w("no_name"), item.respondent_address), "who"),
    make("span", item.summary, "what"),
    make("span", likely, `likely ${clear ? "clear" : "doubt"}`),
  ];
}

export function itemFacts(item) {
  return [
    ["respondent_name", item.respondent_name],
    ["respondent_address", item.respondent_address],
    ["county", named("county", item.county)],
    ["category", given(named("category", item.subject), named("category", item.problem))],
    ["received", given(when(item.received_at), named("channel", item.channel))],
    ["content", item.summary],
  ];
}

/** An order: who has it, by when, what was said last. `nameOf`: of a unit by its id. */
export function orderLines(order, nameOf) {
  return [
    line([w(`order.${order.state}`), w(`urgency.${order.urgency}`)], make("span", order.due ? `${w("due")} ${order.due}` : "", "small soft")),
    make("span", nameOf(order.unit), "who"),
    make("span", given(spaced(order.number), order.assigned_at && when(order.assigned_at)), "what"),
  ];
}

export function orderFacts(order, nameOf) {
  const last = order.events?.at(-1);
  return [
    ["unit", nameOf(order.unit)],
    ["due", given(order.due, order.legal_due && `${w("legal_due")} ${order.legal_due}`)],
    ["note", order.note],
    ["last", last && given(last[`event_${lang}`] || last.event, last.text, when(last.at))],
  ];
}

export function factRows(facts) {
  return facts
    .filter(([, text]) => text)
    .map(([name, text]) => {
      const row = make("div");
      row.append(make("dt", w(`fact.${name}`)), make("dd", text));
      return row;
    });
}
