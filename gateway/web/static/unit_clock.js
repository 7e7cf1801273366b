// Days of an order in words, with a level for colour and shape; the words stand first.
import { lang, today, w } from "./desk_parts.js";

const DAY = 86_400_000;
const SOON = 2; // days before the last one from which an order is marked
const OWED = ["assigned", "signed", "handling", "extension_asked", "sent_back", "done_again"];

export const isOwed = (order) => OWED.includes(order.state);

export function day(iso) {
  const at = new Date(`${iso}T00:00`);
  const year = iso.slice(0, 4) === today().slice(0, 4) ? {} : { year: "numeric" };
  return at.toLocaleDateString(lang === "zh" ? "zh-CN" : "en", { month: lang === "zh" ? "long" : "short", day: "numeric", ...year });
}

// What is left of an order's time: { words, level: ok | soon | today | late }; null when nothing runs.
export function left(order) {
  if (!isOwed(order)) return null;
  if (order.suspended) return { words: w("clock_stopped"), level: "ok" };
  if (!order.due) return null;
  const days = Math.round((new Date(`${order.due}T00:00`) - new Date(`${today()}T00:00`)) / DAY);
  if (days < 0) return { words: w("days_over", -days), level: "late" };
  if (days === 0) return { words: w("due_today"), level: "today" };
  return { words: w("due_by").replace("%s", day(order.due)).replace("%d", days), level: days <= SOON ? "soon" : "ok" };
}
