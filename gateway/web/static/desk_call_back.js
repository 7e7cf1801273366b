// A call-back that was not reached in the end: it is tried again from its item.
import { ask } from "./desk_server.js";
import { $, button, told, w } from "./desk_parts.js";
import { on, tell } from "./desk_now.js";
import { current, openItem } from "./desk_item.js";

const OF_CALL_BACKS = ["call_back_failed", "call_back_again", "called_back"];
const again = button(w("call_back.again"), tryAgain);
again.id = "call-back-again";

function failed(item) {
  return item?.timeline.filter(({ what }) => OF_CALL_BACKS.includes(what)).at(-1)?.what === "call_back_failed";
}

async function tryAgain() {
  const { number } = current();
  again.disabled = true;
  try {
    await ask("POST", `queue/${number}/call-back`);
    if (current()?.number === number) await openItem(number);
    tell("changed");
  } catch (problem) {
    $("item-fault").textContent = told(problem);
  }
  again.disabled = false;
}

on("shown", () => {
  again.hidden = !failed(current());
  if (!again.isConnected) $("ring-back")?.after(again);
});
