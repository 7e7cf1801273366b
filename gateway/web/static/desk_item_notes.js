// Internal notes of an item; who is named in one by @ is told.
import { ask } from "./desk_server.js";
import { change, colleagues, current, keepTyped, nameOf, part, placeFaults, sentTyped, typedIn } from "./desk_item.js";
import { tell } from "./desk_now.js";
import { $, agent, make, w, when } from "./desk_parts.js";

part((one, another) => {
  const notes = one.timeline.filter(({ what }) => what === "note").reverse();
  $("item-notes").replaceChildren(...notes.map(noteRow));
  if (!another) return;
  $("note-text").value = typedIn($("note-text"));
  $("note-fault").textContent = "";
  see(one.number);
});
part(() => {
  const others = colleagues().filter(([account]) => account !== agent);
  $("note-who").replaceChildren(...[["", w("tell_colleague")], ...others].map(([account, name]) => Object.assign(make("option", name || account), { value: account })));
});

function noteRow({ at, who, text }) {
  const row = make("li");
  row.append(make("p", text), make("small", `${nameOf(who)} · ${when(at)}`, "soft"));
  return row;
}

// Whoever opens the item has seen where he is named.
async function see(number) {
  try {
    const { items } = await ask("GET", "mentions");
    if (!items.some((one) => one.number === number)) return;
    await ask("POST", `queue/${number}/mentions-seen`);
    tell("changed");
  } catch {
    // it stays unseen, and is asked for again
  }
}

$("note-who").addEventListener("change", () => {
  const text = $("note-text");
  if ($("note-who").value) text.setRangeText(`@${nameOf($("note-who").value)} `, text.selectionStart, text.selectionEnd, "end");
  $("note-who").value = "";
  text.dispatchEvent(new Event("input"));
  text.focus();
});

$("note-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("note-text");
  placeFaults($("note-form"), null, {});
  const kept = await change(`queue/${current().number}/note`, { text: text.value.trim() }, (problem) => {
    const rest = placeFaults($("note-form"), problem, { text });
    if (rest) $("note-fault").textContent = rest;
  });
  if (kept) sentTyped(text);
});
keepTyped($("note-text"));
