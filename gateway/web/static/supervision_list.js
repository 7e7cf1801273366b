// The list behind a figure of /desk/supervision: exactly the orders that the figure counts.
import { ask } from "./desk_server.js";
import { $, make, spaced, today, told, w } from "./desk_parts.js";
import { acts } from "./supervision_word.js";

let query = null;
let title = [];
let opener = null; // the figure that was pressed: the focus goes back to it
let orders = [];
let next = null;
let reading = 0;

export function openList(wanted, unit, figure, from) {
  query = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value));
  title = [unit, figure];
  opener = from.dataset.cell;
  orders = [];
  $("list").hidden = false;
  readList().then(() => $("list").focus());
}

export function closeList() {
  query = null;
  $("list").hidden = true;
  document.querySelector(`[data-cell="${opener}"]`)?.focus();
}
$("close-list").addEventListener("click", closeList);

export async function readList(more = false) {
  if (!query) return;
  const mine = ++reading;
  try {
    const asked = new URLSearchParams({ ...query, limit: "200", ...(more && { after: next }) });
    const page = await ask("GET", `orders?${asked}`);
    if (mine !== reading || !query) return;
    orders = more ? [...orders, ...page.items] : page.items;
    next = page.next;
    $("list-name").textContent = w("list_of", ...title, orders.length + (next ? "+" : ""));
    $("orders").replaceChildren(...orders.map(row));
    $("empty").hidden = orders.length > 0;
    $("more").hidden = !next;
  } catch (problem) {
    if (mine === reading) $("fault").textContent = told(problem);
  }
}
$("more").addEventListener("click", () => readList(true));

function row(order) {
  const made = make("li");
  made.dataset.order = order.id;
  const head = make("div", "", "line");
  head.append(
    Object.assign(make("a", spaced(order.number)), { href: `/desk#${order.number}` }),
    make("span", w(`order.${order.state}`), "chip"),
    make("span", w(`kind.${order.kind}`), "tag"),
  );
  if (order.urgency !== "general") head.append(make("span", w(`urgency.${order.urgency}`), "tag new"));
  head.append(due(order));
  const about = [order.unit_name, order.respondent_name, order.summary].filter(Boolean).join(" · ");
  made.append(head, make("div", about, "soft small"), acts(order, ["urge", "supervise"]));
  return made;
}

export function due(order) {
  if (order.suspended || !order.due) return make("span", w("no_due"), "soft");
  const days = Math.round((Date.parse(today()) - Date.parse(order.due)) / 86400000);
  return order.late || days > 0 ? make("span", w("late", days), "late") : make("span", w("due", order.due), "soft");
}
