// Keeps the live part of a service's page true: a stream says that something changed, the part is fetched anew.
(() => {
  let part = document.querySelector("[data-live]");
  const log = document.querySelector("[data-log]");
  const said = document.querySelector("[data-said-here]");
  let stream = null;
  let pending = false;
  let after = log?.dataset.after || "0";

  // The tent goes up: the new drawing begins as the old one was, and changes before our eyes.
  const raise = (from, to) => {
    if (!from || !to) return;
    const target = to.getAttribute("class");
    to.setAttribute("class", from.getAttribute("class"));
    to.getBoundingClientRect();
    to.setAttribute("class", target);
  };

  const put = (fresh) => {
    const focused = document.activeElement?.id;
    part.querySelectorAll("details[id][open]").forEach((open) => {
      const same = fresh.querySelector(`#${open.id}`);
      if (same) same.open = true;
    });
    const tent = part.querySelector(".tent");
    part.replaceWith(fresh);
    part = fresh;
    raise(tent, part.querySelector(".tent"));
    if (focused) document.getElementById(focused)?.focus();
    if (said && said.textContent !== part.dataset.said) said.textContent = part.dataset.said;
  };

  const fetchPart = async () => {
    if (pending) return;
    pending = true;
    try {
      const answer = await fetch(part.dataset.live, { headers: { "X-Live": "1" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (fresh && fresh.outerHTML !== part.outerHTML) put(fresh);
    } finally {
      pending = false;
    }
  };

  const write = (told) => {
    if (!log) return;
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    let job = log.querySelector(`[data-job="${CSS.escape(told.job)}"]`);
    if (!job) {
      job = document.createElement("div");
      job.dataset.job = told.job;
      const title = document.createElement("p");
      title.textContent = told.title;
      job.append(title, document.createElement("pre"));
      log.append(job);
    }
    job.querySelector("pre").append(told.text);
    if (wasAtEnd) log.scrollTop = log.scrollHeight;
  };

  const open = () => {
    if (stream || document.hidden || !part) return;
    if (!part.dataset.stream) {
      // Short, and seen by one person alone: a look each second while it goes on.
      const again = setInterval(() => (part.dataset.busy ? fetchPart() : clearInterval(again)), 1000);
      stream = { close: () => clearInterval(again) };
      return;
    }
    stream = new EventSource(`${part.dataset.stream}?after=${after}&mark=${part.dataset.mark}`);
    stream.addEventListener("changed", fetchPart);
    stream.addEventListener("error", () => {
      // Refused (too many pages open): look every five seconds instead.
      if (stream?.readyState === EventSource.CLOSED) setInterval(() => document.hidden || fetchPart(), 5000);
    });
    stream.addEventListener("log", (event) => {
      after = event.lastEventId;
      write(JSON.parse(event.data));
    });
  };

  // A page that nobody sees watches nothing; then a mail is written instead.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return open();
    stream?.close();
    stream = null;
  });
  addEventListener("pagehide", () => stream?.close());
  open();
})();
