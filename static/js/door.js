// A service that is being set up: look again, and open it when it is there.
(() => {
  const seconds = Number(document.body.dataset.again);
  if (!seconds) return;
  const look = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
      if (answer.status !== 503) return location.reload();
    } catch { /* not there yet */ }
    setTimeout(look, seconds * 1000);
  };
  setTimeout(look, seconds * 1000);
})();
