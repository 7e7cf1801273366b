/* The wallboard. What it shows is pushed to it; it only lets the times tick and says when the line is dead. */

const SILENCE = 12; // seconds without a word after which the line counts as lost
const PATIENCE = 10; // longest pause in seconds between two tries
const WARN = 15; // seconds in the queue that are too many
const LONG = 60;
const STORE = "wallboard.token";
const TABS = { waiting: "waiting", overdue: "overdue" }; // figures with a list at the desk, for whoever is signed in
const root = document.documentElement;

const LINES = {
  free: ["○", "空闲", "free", "quiet"],
  ringing: ["▷", "振铃", "ringing", "warn"],
  menu: ["◇", "语音菜单", "menu", "busy"],
  queue: ["▲", "排队", "waiting", "warn"],
  talk: ["●", "通话", "talking", "good"],
  hold: ["■", "保持", "on hold", "busy"],
  fax: ["⎙", "传真", "fax", "good"],
  three_way: ["◎", "三方通话", "three-way", "good"],
  partner: ["◆", "协作单位", "partner", "busy"],
  message: ["▼", "留言", "message", "busy"],
  out: ["△", "呼出", "calling out", "busy"],
};
const SEATS = {
  offline: ["○", "签出", "signed out", "quiet"],
  ready: ["◇", "就绪", "ready", "good"],
  ringing: ["▷", "振铃", "ringing", "warn"],
  talking: ["●", "通话", "talking", "busy"],
  wrap_up: ["▼", "话后处理", "wrap-up", "busy"],
  paused: ["■", "小休", "paused", "quiet"],
};
const REASONS = {
  phone: ["✕", "话机离线", "phone lost", "bad"],
  microphone: ["✕", "麦克风不可用", "no microphone", "bad"],
  "other-phone": ["●", "另一话机通话", "on other phone", "busy"],
  taken: ["✕", "另一话机登录", "another phone", "bad"],
  forward: ["✕", "话机呼叫转移", "phone forwards", "bad"],
  "Auto-Pause": ["✕", "未接听", "missed a call", "bad"],
  break: ["■", "休息", "break", "quiet"],
  meal: ["■", "用餐", "meal", "quiet"],
  training: ["■", "培训", "training", "quiet"],
};
const CHANNELS = JSON.parse(root.dataset.channels);

let now = null; // what was told last
let today = null;
let skew = 0; // the gateway's clock less ours, in ms
let heard = 0; // when anything was told, by performance.now
let told = ""; // the gateway's time of it
let tries = 0;
let socket = null;
let isPerson = false; // somebody is signed in, no display

function token() {
  const given = decodeURIComponent(location.hash.slice(1));
  if (given) {
    localStorage.setItem(STORE, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return localStorage.getItem(STORE) || "";
}

// ------------------------------------------------------------------ the line to the gateway

function link(state, zh, en) {
  if (root.dataset.link !== state || state === "lost") {
    const box = document.getElementById("link");
    const text = zh + " " + en;
    if (box.dataset.text !== text) {
      box.dataset.text = text;
      box.replaceChildren(made("strong", "", zh), " ", english(en));
    }
    root.dataset.link = state;
  }
}

function lost() {
  const since = told ? clock(new Date(told)) : "";
  link("lost", `与网关失去联系，以下是 ${since || "以前"} 的情况，正在重连`, `line lost, shown as of ${since || "before"}, reconnecting`);
}

function judge() {
  const silent = !heard || performance.now() - heard > SILENCE * 1000;
  if (root.dataset.link === "refused" || !now) return;
  if (silent || !socket || socket.readyState !== WebSocket.OPEN) lost();
  else if (!now.pbx) link("blind", "网关与电话系统失去联系，线路和坐席不是最新情况", "the gateway has lost the telephone system");
  else link("live", "", "");
}

function ask(mine) {
  const headers = mine ? { Authorization: `Bearer ${mine}` } : {};
  return fetch("/api/v1/board", { headers, cache: "no-store" });
}

async function connect() {
  let mine = token();
  try {
    let answer = await ask(mine);
    if (mine && (answer.status === 401 || answer.status === 403)) {
      mine = ""; // the token has ended: whoever is signed in may look all the same
      answer = await ask(mine);
    }
    if (answer.status === 401 || answer.status === 403) {
      wipe();
      link("refused", "未授权：请登录，或用显示屏链接打开本页", "not allowed: sign in, or open this page by its display link");
      return again();
    }
    if (!answer.ok) return again();
    isPerson = !mine;
    const board = await answer.json();
    take("board.now", board.now);
    take("board.figures", board.today);
  } catch {
    if (now) lost();
    else link("lost", "与网关失去联系，正在重连", "line lost, reconnecting");
    return again();
  }
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/events?only=board`;
  socket = new WebSocket(address, mine ? ["hotline.events", `bearer.${mine}`] : ["hotline.events"]);
  socket.onopen = () => {
    tries = 0;
    root.dataset.link = root.dataset.link === "refused" ? "waiting" : root.dataset.link;
    judge();
  };
  socket.onmessage = (message) => {
    const event = JSON.parse(message.data);
    take(event.name, event.data);
    judge();
  };
  socket.onclose = () => {
    socket = null;
    judge();
    again();
  };
}

function wipe() {
  now = today = null;
  for (const where of ["#lines ul", "#seats ul", "#queue ol"]) fill(where, []);
  for (const cell of document.querySelectorAll("dd, #waiting")) cell.replaceChildren("–");
  document.querySelector("figure").hidden = true;
}

function again() {
  tries += 1;
  setTimeout(connect, Math.min(PATIENCE, 0.5 * 2 ** tries) * 1000);
}

function take(name, data) {
  heard = performance.now();
  told = data.at;
  skew = Date.parse(data.at) - Date.now();
  if (name === "board.now") {
    now = data;
    drawNow();
  } else if (name === "board.figures") {
    today = data;
    drawFigures();
  }
}

// ------------------------------------------------------------------ drawing; text goes in as text alone

function made(tag, name, ...inside) {
  const one = document.createElement(tag);
  if (name) one.className = name;
  one.append(...inside);
  return one;
}

function english(text) {
  const one = made("span", "", text);
  one.lang = "en";
  return one;
}

function word(zh, en) {
  const small = made("small", "", en);
  small.lang = "en";
  return made("span", "is", made("span", "word", zh), small);
}

function shape(sign) {
  const one = made("span", "shape", sign);
  one.setAttribute("aria-hidden", "true");
  return one;
}

function since(at, from) {
  const one = made("span", "since");
  if (at) {
    one.dataset.since = at;
    one.dataset.warn = from || "";
  }
  return one;
}

function drawNow() {
  fill("#lines ul", now.lines.map((line) => {
    const [sign, zh, en, look] = LINES[line.state] || ["◇", line.state, "", "busy"];
    const text = word(zh, en);
    if (line.caller) text.firstChild.after(" ", made("span", "caller", line.caller));
    const at = line.state === "free" ? null : line.since;
    return made("li", look, made("span", "who", String(line.line)), shape(sign), text, since(at));
  }));
  fill("#seats ul", now.seats.map((seat) => {
    const lost = seat.state !== "offline" && !seat.reachable;
    const why = lost ? REASONS.phone : seat.state === "paused" && REASONS[seat.reason];
    const [sign, zh, en, look] = why || SEATS[seat.state] || ["◇", seat.state, "", "busy"];
    return made("li", look, shape(sign), made("span", "who", seat.name || seat.seat), word(zh, en), since(seat.state === "offline" ? null : seat.since));
  }));
  const waiting = now.waiting.map((one) => made("li", "", made("span", "who", String(one.place)), made("span", "caller", one.caller || "未显号"), since(one.since, "queue")));
  fill("#queue ol", waiting.length ? waiting : [made("li", "none", "无人等候 ", english("nobody waits"))]);
  put("waiting", String(now.waiting.length));
  tick();
}

function drawFigures() {
  const f = today.figures;
  const s = today.standing;
  if (!f || !s) {
    for (const cell of document.querySelectorAll("dd")) cell.replaceChildren("–");
    return;
  }
  const wanted = Number(root.dataset.wanted);
  figure("offered", f.offered);
  figure("in_time", f.in_time, "", f.asked ? ` ${percent(f.in_time_rate)}` : "");
  const rate = f.last_24h.rate;
  figure("rate", rate === null ? "–" : percent(rate), rate === null ? "" : rate >= wanted ? "good" : "bad");
  figure("wait", f.average_wait === null ? "–" : span(f.average_wait));
  figure("longest", f.asked ? span(f.longest_wait) : "–");
  figure("gave_up", f.gave_up, f.gave_up ? "warn" : "");
  figure("turned_away", f.turned_away, f.turned_away ? "warn" : "");
  figure("owed", s.owed, s.owed ? "warn" : "");
  figure("written", total(f.written));
  figure("channels", f.written.map((one) => `${CHANNELS[one.channel] || one.channel} ${one.count}`).join("  ") || "–");
  figure("waiting", s.to_take);
  figure("overdue", s.overdue, s.overdue ? "bad" : "");
  figure("due_soon", s.due_soon, s.due_soon ? "warn" : "");
  figure("provisional", s.provisional);
  drawWaits(f.half_hours);
}

function drawWaits(waits) {
  const most = Math.max(0, ...waits);
  document.querySelector("figure").hidden = most === 0;
  put("waits-most", span(most));
  const high = Math.max(LONG, most);
  document.getElementById("waits").replaceChildren(...waits.map((wait, slot) => {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const tall = (100 * wait) / high;
    for (const [name, value] of [["x", slot * 10 + 1], ["width", 8], ["y", 100 - tall], ["height", tall]]) bar.setAttribute(name, value);
    if (wait > WARN) bar.setAttribute("class", "late");
    return bar;
  }));
}

function figure(name, value, look = "", beside = "") {
  const cell = document.querySelector(`#f-${name} dd`);
  cell.className = look;
  const said = TABS[name] && isPerson ? Object.assign(made("a", "", String(value)), { href: `/desk#tab=${TABS[name]}` }) : String(value);
  cell.replaceChildren(said, ...(beside ? [made("small", "", beside)] : []));
}

function fill(where, rows) {
  document.querySelector(where).replaceChildren(...rows);
}

function put(id, text) {
  document.getElementById(id).textContent = text;
}

// ------------------------------------------------------------------ numbers and times

function total(counts) {
  return counts.reduce((sum, one) => sum + one.count, 0);
}

function percent(rate) {
  return `${(Math.floor(rate * 1000) / 10).toFixed(1).replace(".0", "")}%`;
}

function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

function clock(at) {
  return at.toLocaleTimeString("zh-CN", { timeZone: root.dataset.zone, hourCycle: "h23" });
}

function tick() {
  const at = new Date(Date.now() + skew);
  put("clock", clock(at));
  put("day", at.toLocaleDateString("zh-CN", { timeZone: root.dataset.zone, month: "long", day: "numeric", weekday: "long" }));
  if (root.dataset.link === "lost" || root.dataset.link === "blind") return; // what is stale does not tick on
  for (const one of document.querySelectorAll("[data-since]")) {
    const seconds = (at - Date.parse(one.dataset.since)) / 1000;
    one.textContent = span(seconds);
    if (one.dataset.warn) one.closest("li").className = seconds > LONG ? "bad" : seconds > WARN ? "warn" : "";
  }
}

setInterval(() => {
  judge();
  tick();
}, 1000);
addEventListener("hashchange", () => {
  token();
  location.reload();
});
tick();
connect();
