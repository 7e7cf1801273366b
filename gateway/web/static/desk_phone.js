// The page's telephone: started, taken over, given up, and how it is.
import { ask } from "./desk_server.js";
import { $, agent, alarm, seat, w, when } from "./desk_parts.js";
import { now, on, tell } from "./desk_now.js";
import { setSeat } from "./desk_seat.js";

export const page = sessionStorage.getItem("page") || crypto.randomUUID();
sessionStorage.setItem("page", page);
const LOST = ["gone", "refused", "microphone", "unreachable"]; // states in which the page cannot be rung
const BACK_WITHIN = 2000; // milliseconds for which a microphone may be away: headsets are plugged over
const IN_CALL = ["ringing", "talking"];
const TAKEN = 409;
const ASKS = 2000; // milliseconds between two looks whether the page that has the telephone is still there

function link() {
  const { seat: own, phone, elsewhere } = now;
  if ($("which").value === "sip") return own.state !== "offline" && !own.reachable ? "unreachable" : "sip";
  if (elsewhere) return "other";
  return phone?.trouble === "microphone" ? "microphone" : phone?.link || "off";
}

function showHealth() {
  if (!seat) return;
  const health = link();
  $("health").dataset.link = health;
  $("link").textContent = w(`link.${health}`);
  $("link-help").textContent = health === "other" ? elsewhereText() : w(`link.help.${health}`);
  $("take").hidden = health !== "other";
  $("phone-alarm").hidden = !LOST.includes(health);
  $("phone-alarm").textContent = LOST.includes(health) ? `${w(`link.${health}`)}：${w(`link.help.${health}`)}` : "";
  watchMicrophone(health === "microphone");
}
on("seat", showHealth);
on("call", showHealth);

// Nobody is to ring a seat that cannot speak: it is paused, which leaders see, and ready again with a microphone.
let away = 0;
function watchMicrophone(lost) {
  if (lost) {
    away ||= setTimeout(() => now.seat.state !== "offline" && now.seat.reason !== "microphone" && setSeat("paused", "microphone"), BACK_WITHIN);
    return;
  }
  clearTimeout(away);
  away = 0;
  if (now.phone && now.seat.state === "paused" && now.seat.reason === "microphone") setSeat("ready");
}

// ------------------------------------------------------------ one page at a time

let holder = null; // the page that has the telephone

function elsewhereText() {
  if (!holder?.page) return w("link.help.other");
  const which = [w("phone.since").replace("%s", when(holder.since)), holder.program].filter(Boolean).join(" · ");
  return `${which}${holder.in_call ? `，${w("phone.talks")}` : ""}`;
}

async function startPhone(take = {}) {
  if (now.phone || $("which").value !== "browser") return;
  try {
    const account = await ask("POST", "seat-phone", { page, ...take });
    now.elsewhere = false;
    holder = null;
    const { Softphone } = await import("./softphone.js");
    now.phone = new Softphone({ ...account, name: agent });
    now.phone.addEventListener("change", () => tell("call"));
    await now.phone.start();
    if (now.seat.state !== "offline" && now.seat.phone !== "browser") await setSeat("ready");
  } catch (problem) {
    if (problem.status === TAKEN) await isElsewhere();
    else if (!now.phone?.trouble) alarm(problem.message);
  }
  tell("call");
}

async function isElsewhere() {
  now.elsewhere = true;
  await seeHolder();
  clearTimeout(asks);
  asks = setTimeout(inherit, ASKS);
}

async function seeHolder() {
  holder = await ask("GET", "seat-phone").catch(() => holder);
}

// A page that was closed, or whose browser is gone, leaves the telephone to this one. It is asked for twice,
// since one that is being loaded anew is away for a moment.
let asks = 0;
async function inherit() {
  if (!now.elsewhere) return;
  const wasGone = holder && !holder.page;
  await seeHolder();
  showHealth();
  if (wasGone && !holder.page) await startPhone();
  else asks = setTimeout(inherit, ASKS);
}

// A call in the other page goes on unless the agent says that it is to be broken.
async function takePhone() {
  if (now.elsewhere) await isElsewhere();
  if (holder?.in_call) $("take-over").showModal();
  else await startPhone({ take: true });
  showHealth();
}

let takesLater = false;
function takeAfterTheCall() {
  takesLater = true;
  $("link").textContent = w("phone.takes_later");
}
on("seat", () => {
  if (!takesLater || IN_CALL.includes(now.seat.state)) return;
  takesLater = false;
  startPhone({ take: true });
});

export async function yieldPhone() {
  stopPhone();
  await isElsewhere();
  showHealth();
}

function stopPhone() {
  now.phone?.stop();
  now.phone = null;
  tell("call");
}

// After a break of the connection: is this page still the telephone?
export function keepPhone() {
  if (now.phone) ask("POST", "seat-phone", { page }).catch((problem) => problem.status === TAKEN && yieldPhone());
}

if (seat) {
  $("which").value = localStorage.getItem("which") || "browser";
  $("which").addEventListener("change", () => {
    localStorage.setItem("which", $("which").value);
    if ($("which").value === "browser") startPhone();
    else stopPhone();
    if (now.seat.state !== "offline") setSeat("ready");
  });
  $("take").addEventListener("click", takePhone);
  $("take-after").addEventListener("click", takeAfterTheCall);
  $("take-now").addEventListener("click", () => startPhone({ take: true, cut: true }));
  startPhone();
}
