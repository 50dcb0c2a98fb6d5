// Passkeys: the browser makes or shows one, the form takes it to us. What cannot work here is not offered.
(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const make = ({ publicKey: asked }) => navigator.credentials.create({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: known(asked.excludeCredentials),
      // It lets in by itself: the device keeps it, and asks for a finger, a face or a PIN.
      authenticatorSelection: {
        ...asked.authenticatorSelection,
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      },
    },
  });

  const show = ({ publicKey: asked }) => navigator.credentials.get({
    publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) },
  });

  const told = (credential) => {
    const { id, type, rawId, authenticatorAttachment, response } = credential;
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const answer = parts.filter((part) => response[part]).map((part) => [part, text(response[part])]);
    return JSON.stringify({
      id,
      type,
      rawId: text(rawId),
      authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: Object.fromEntries(answer),
    });
  };

  const options = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return (await answer.json()).request_options;
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const button = form.querySelector("button");
    const said = form.querySelector("[role=status]");
    form.hidden = false;
    button.addEventListener("click", async () => {
      if (!form.reportValidity()) return;
      said.className = said.textContent = "";
      button.disabled = true;
      try {
        const credential = await (form.dataset.passkey === "make" ? make : show)(await options(form));
        form.elements.credential.value = told(credential);
        form.submit();
      } catch (error) {
        said.className = "fault";
        said.textContent = { SecurityError: said.dataset.elsewhere, InvalidStateError: said.dataset.known }[error.name]
          || said.dataset.stopped;
      } finally {
        button.disabled = false;
      }
    });
  });
})();
