"use strict";
const $ = (id) => document.getElementById(id);
const base = (location.protocol === "https:" ? "wss://" : "ws://") + location.host;
$("scheme").textContent = base.split(":")[0] + "://";

function setState(id, text, kind) {
  $(id).textContent = text;
  $(id).className = "state " + (kind || "");
}

/* Chat: one tunnel, JSON messages; after a lost connection it comes back by itself under the same name. */
let chat = null;
let me = "";

function joinChat(wanted) {
  chat = new WebSocket(base + "/chat");
  setState("chat-state", "connecting");
  chat.onopen = () => chat.send(JSON.stringify({type: "join", name: wanted}));
  chat.onmessage = (event) => onChat(JSON.parse(event.data));
  chat.onclose = () => {
    setState("chat-state", "connection lost, trying again", "bad");
    $("people").textContent = "";
    setTimeout(() => joinChat(wanted), 2000);
  };
}

function onChat(message) {
  if (message.type === "welcome") {
    me = message.you;
    setState("chat-state", "you are " + me, "good");
    $("messages").replaceChildren(...message.history.map(line));
    $("join").hidden = true;
    $("say").hidden = false;
    $("text").focus();
  } else if (message.type === "people") {
    const names = message.people.map((name) => Object.assign(document.createElement("b"), {textContent: name}));
    $("people").replaceChildren(...names);
    $("chat-title").textContent = `Chat, ${names.length} here`;
    return;
  } else {
    $("messages").append(line(message));
  }
  $("messages").scrollTop = $("messages").scrollHeight;
}

function line(message) {
  const item = document.createElement("li");
  const add = (cls, text) => {
    item.append(Object.assign(document.createElement("span"), {className: cls, textContent: text}));
  };
  if (message.type === "say") {
    add("who", message.name);
    add("", message.text);
    item.className = message.name === me ? "mine" : "";
  } else {
    item.className = "event";
    add("", message.text);
  }
  add("when", new Date(message.at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"}));
  return item;
}

$("join").onsubmit = (event) => {
  event.preventDefault();
  if (chat === null && $("name").value.trim()) joinChat($("name").value.trim());
};
$("say").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || chat.readyState !== WebSocket.OPEN) return;
  chat.send(JSON.stringify({type: "say", text}));
  $("text").value = "";
};

/* Echo: one message a second, with the time it was sent inside. */
const rtts = [];
let echo = null;

function openEcho() {
  echo = new WebSocket(base + "/echo");
  echo.onopen = () => setState("echo-state", "connected", "good");
  echo.onmessage = (event) => onEcho(performance.now() - Number(event.data));
  echo.onclose = () => {
    setState("echo-state", "connection lost, trying again", "bad");
    setTimeout(openEcho, 2000);
  };
}

function onEcho(rtt) {
  rtts.push(rtt);
  if (rtts.length > 60) rtts.shift();
  const sorted = [...rtts].sort((a, b) => a - b);
  const worst = sorted[sorted.length - 1];
  $("rtt-last").textContent = rtt.toFixed(2);
  $("rtt-median").textContent = sorted[Math.floor(sorted.length / 2)].toFixed(2);
  $("rtt-worst").textContent = worst.toFixed(2);
  const points = rtts.map((ms, i) => `${240 - (rtts.length - 1 - i) * 4},${54 - 50 * ms / worst}`);
  $("plot").firstElementChild.setAttribute("points", points.join(" "));
}

setInterval(() => {
  if (echo.readyState === WebSocket.OPEN) echo.send(String(performance.now()));
}, 1000);
openEcho();

/* Many tunnels: idle ones. Browsers allow some 200 WebSockets to one host. */
const MOST = 150;
const many = new Set();

function showMany() {
  const open = [...many].filter((socket) => socket.readyState === WebSocket.OPEN).length;
  setState("many-state", `${open} open`, open ? "good" : "");
  $("more").disabled = many.size >= MOST;
  $("fewer").disabled = many.size === 0;
}

$("more").onclick = () => {
  for (let n = 0; n < 50; n++) {
    const socket = new WebSocket(base + "/echo");
    many.add(socket);
    socket.onopen = showMany;
    socket.onclose = () => { many.delete(socket); showMany(); };
  }
  showMany();
};
$("fewer").onclick = () => many.forEach((socket) => socket.close(1000));

/* Flow control: the origin sends requests and tells of them; sockets are the browser's own. */
const CROWD = 50;
const crowd = new Set();
let crowdFailed = 0;
const seconds = (value) => value === undefined ? "–" : value < 0.1 ? `${(1000 * value).toFixed(1)} ms` : `${value.toFixed(2)} s`;

function showDrive(state) {
  $("send").disabled = state.running;
  $("ok").textContent = state.counts[200] || 0;
  $("refused-requests").textContent = state.counts[503] || 0;
  $("retry-after").textContent = state.retry_after ? `${state.retry_after} s` : "–";
  $("ok-time").textContent = seconds(state.median[200]);
  $("refused-time").textContent = seconds(state.median[503]);
}

$("send").onclick = () => {
  const drive = new WebSocket(base + "/drive");
  showDrive({running: true, counts: {}, median: {}});
  drive.onmessage = (event) => showDrive(JSON.parse(event.data));
  drive.onclose = () => { $("send").disabled = false; };
};

function showCrowd() {
  $("crowd-open").textContent = [...crowd].filter((socket) => socket.readyState === WebSocket.OPEN).length;
  $("crowd-failed").textContent = crowdFailed;
  $("crowd").disabled = [...crowd].some((socket) => socket.readyState === WebSocket.CONNECTING);
  $("leave").disabled = crowd.size === 0;
}

$("crowd").onclick = () => {
  crowdFailed = 0;
  for (let n = 0; n < CROWD; n++) {
    const socket = new WebSocket(base + "/few");
    let opened = false;
    crowd.add(socket);
    socket.onopen = () => { opened = true; showCrowd(); };
    socket.onclose = () => { crowd.delete(socket); crowdFailed += opened ? 0 : 1; showCrowd(); };
  }
  showCrowd();
};
$("leave").onclick = () => crowd.forEach((socket) => socket.close(1000));

function bar(id, value, most) {
  const meter = $(id);
  meter.max = most;
  meter.value = value;
  meter.nextElementSibling.textContent = `${value} of ${most}`;
  meter.parentElement.classList.toggle("full", value >= most);
}

/* What the module says of the two limits. */
function showLimits(limits) {
  const by = Object.fromEntries(limits.map((limit) => [limit.name, limit]));
  const {requests, sockets} = by;
  if (!requests || !sockets) return;
  bar("requests-inside", requests.in_use, requests.concurrency.now);
  bar("requests-queue", requests.waiting, requests.queue.now);
  bar("sockets-inside", sockets.in_use, sockets.concurrency.now);
  $("requests-advice").textContent = requests.advice || "";
  $("sockets-advice").textContent = sockets.advice || "";
  $("refused-sockets").textContent = sockets.refused;
  const full = requests.in_use >= requests.concurrency.now || sockets.in_use >= sockets.concurrency.now;
  setState("flow-state", requests.waiting ? `${requests.waiting} wait` : full ? "a limit is full" : "nobody waits", full ? "bad" : "good");
}

/* The strip: what the server says about itself. */
async function refresh() {
  try {
    const [status, server] = await Promise.all([
      fetch("wsflow-status?json", {cache: "no-store"}), fetch("server-status?auto", {cache: "no-store"})]);
    if (!status.ok || !server.ok) throw new Error(`status ${status.status}, ${server.status}`);
    const {tunnels, processes, limits} = await status.json();
    const lines = await server.text();
    const value = (key) => (lines.match(new RegExp(`^${key}: (\\d+)`, "m")) || [])[1];
    $("active").textContent = tunnels.active;
    $("total").textContent = tunnels.total;
    $("refused").textContent = tunnels.refused;
    $("processes").textContent = processes.length;
    $("busy").textContent = `${value("BusyWorkers")} of ${Number(value("BusyWorkers")) + Number(value("IdleWorkers"))}`;
    showLimits(limits);
    $("strip-note").textContent = "";
  } catch (error) {
    $("strip-note").textContent = "No live numbers: " + error.message;
  }
  setTimeout(refresh, 1000);
}
refresh();
