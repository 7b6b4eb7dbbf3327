// Before anything is drawn: the chosen theme, so that nothing flashes; and the texts of the chosen
// language, asked for while the scripts are still on their way.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;

const { base, language } = JSON.parse(document.querySelector('meta[name="linli"]').content);
const href = `${base}/texts/${localStorage.getItem("language") ?? language}.json`;
document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "fetch", crossOrigin: "anonymous", href }));
