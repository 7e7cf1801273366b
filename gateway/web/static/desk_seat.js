// The own seat: its state, how long it has lasted, and the buttons that change it.
import { ask } from "./desk_server.js";
import { $, agent, alarm, clock, path, seat, w } from "./desk_parts.js";
import { now, on, tell } from "./desk_now.js";

const { wrapUp } = document.body.dataset; // seconds
const TICK = 500; // milliseconds

export function showSeat() {
  if (!seat) return;
  const { state, reason } = now.seat;
  $("state").dataset.state = state;
  $("state-word").textContent = w(`state.${state}`) + (state === "paused" && reason ? ` · ${w(`pause.${reason}`)}` : "");
  alarm(state === "paused" && ["phone", "microphone"].includes(reason) ? w("will_not_ring") : "");
  $("offline").disabled = state === "offline";
  $("pause").disabled = state === "offline";
  tick();
}
on("seat", showSeat);

function tick() {
  if (!seat) return;
  const { state, since: begun } = now.seat;
  const since = begun ? new Date(begun).getTime() : 0;
  if (state === "wrap_up" && since) {
    const left = Math.max(0, Number(wrapUp) - Math.floor((Date.now() - since) / 1000));
    $("state-clock").textContent = `${left} ${w("seconds")}`;
  } else $("state-clock").textContent = since && state !== "offline" ? clock(since) : "";
}
setInterval(tick, TICK);

// What an answer says of the seat, unless an event has told something newer meanwhile.
export function seatSeen(seen) {
  const known = now.seat.since;
  if (known && !(seen.since >= known)) return;
  now.seat = seen;
  tell("seat");
}

// What an event says of it.
export function seatTold(what) {
  now.seat = { ...now.seat, ...what };
  tell("seat");
}

export async function setSeat(state, reason = "") {
  const wish = { state, reason };
  if (state === "ready") wish.phone = $("which").value;
  try {
    seatSeen(await ask("POST", `agents/${path(agent)}/state`, wish));
  } catch (problem) {
    alarm(problem.message);
  }
}

export const ready = () => seat && setSeat("ready");
export const pause = () => seat && setSeat("paused", $("reason").value);

if (seat) {
  $("ready").addEventListener("click", ready);
  $("pause").addEventListener("click", pause);
  $("offline").addEventListener("click", () => setSeat("offline"));
}
