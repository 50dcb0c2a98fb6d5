// Small comforts for every page. Everything works without them.
(() => {
  const all = (selector, act) => document.querySelectorAll(selector).forEach(act);

  // Where the rooms take more than the width of a phone, the one that one is in stands in its middle.
  all(".rooms [aria-current]", (room) => {
    const rooms = room.parentElement;
    rooms.scrollLeft = room.offsetLeft - (rooms.clientWidth - room.offsetWidth) / 2;
  });

  // The browser knows its time zone; nobody should have to type it.
  all("[data-zone]", (field) => {
    if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  });

  // The link in a mail brings its code behind a #, where it stays in the browser.
  const code = location.hash.slice(1);
  if (/^[0-9]{6}$/.test(code)) {
    all("[data-code]", (field) => {
      field.value = code;
      field.form.querySelector("button")?.focus();
    });
    history.replaceState(null, "", location.pathname + location.search);
  }

  // A new event's name and day are asked only where a new event is wanted.
  all("[data-shows]", (chooser) => {
    const part = document.getElementById(chooser.dataset.shows);
    const show = () => { part.hidden = chooser.value !== "new"; };
    chooser.addEventListener("change", show);
    show();
  });

  // Browsers have a clipboard for https and for this computer alone; in a local network the old way still works.
  const copy = async (words) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(words);
    const field = document.createElement("textarea");
    field.value = words;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await copy(button.dataset.copy);
    const said = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = said; }, 2000);
  });

  // What only some browsers can do is offered only there; a part of a page that comes later, too.
  const offer = () => {
    all("[data-print]", (button) => { button.hidden = false; });
    if (navigator.share) all("[data-share]", (button) => { button.hidden = false; });
  };
  offer();
  new MutationObserver(offer).observe(document.body, { childList: true, subtree: true });

  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-print]")) return print();
    const button = event.target.closest("[data-share]");
    if (!button) return;
    try {
      await navigator.share({ title: button.dataset.title, url: button.dataset.share });
    } catch { /* whoever closes the sheet has decided */ }
  });

  // One press is one press.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  addEventListener("pageshow", () => all("form[data-sent]", (form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
  }));

  // Something is being worked on for this page: look again, and read the page anew.
  all("[data-look-again]", (part) => {
    setTimeout(() => location.reload(), Number(part.dataset.lookAgain) * 1000);
  });

  // Seconds that pass while one looks on.
  const tick = () => all("[data-since]", (clock) => {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    clock.textContent = seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  });
  tick();
  setInterval(tick, 1000);
})();
