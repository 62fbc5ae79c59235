// Tries camera and microphone. Nothing is recorded, and nothing leaves the browser.
(function () {
  "use strict";

  const words = document.querySelector("[data-camera]").dataset;
  const button = document.querySelector("[data-camera] button");
  const said = document.querySelector("[data-camera] [role=status]");
  const picture = document.querySelector("[data-camera] video");
  const level = document.querySelector("[data-camera] meter");

  function listen(stream) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    (function show() {
      analyser.getByteTimeDomainData(samples);
      level.value = Math.max(...samples.map(function (sample) { return Math.abs(sample - 128); })) / 128;
      if (level.value > 0.1) {
        said.textContent = words.heard;
      }
      requestAnimationFrame(show);
    })();
  }

  async function begin() {
    said.textContent = words.asking;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
      picture.srcObject = stream;
      picture.hidden = level.hidden = false;
      said.textContent = words.speak;
      listen(stream);
    } catch (error) {
      said.textContent = error.name === "NotAllowedError" ? words.refused : words.missing;
    }
  }

  button.hidden = false;
  button.addEventListener("click", begin);
})();
