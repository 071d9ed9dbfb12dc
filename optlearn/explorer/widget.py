"""The live widget: traits of the explorer's state, and its module sent when a view asks for it."""

from optlearn import optional
from optlearn.explorer import bundle

anywidget = optional.load("anywidget", "live explorers")
traitlets = optional.load("traitlets", "live explorers", "anywidget")

# What a notebook stores of a widget are its traits; so the module is not one of them. The view asks for it once.
# Where a view stands in a shadow root, as some frontends have it, the style of the page around does not reach it.
BOOTSTRAP = """
function dress(el, style, version) {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if (place.querySelector(`style[data-optlearn="${version}"]`)) return;
  const sheet = document.createElement("style");
  sheet.dataset.optlearn = version;
  sheet.textContent = style;
  place.append(sheet);
}
async function load(model, el) {
  const shared = (globalThis.optlearnModules ||= {});
  const version = model.get("version");
  const reply = new Promise((resolve) => {
    const heard = (message) => {
      if (message.kind !== "optlearn") return;
      model.off("msg:custom", heard);
      resolve(message);
    };
    model.on("msg:custom", heard);
  });
  model.send({ want: shared[version] ? "data" : "all" });
  const { data, script, style } = await reply;
  if (script && !shared[version]) {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    shared[version] = { style, module: import(url).finally(() => URL.revokeObjectURL(url)) };
  }
  dress(el, shared[version].style, version);
  return { data, module: await shared[version].module };
}
export default {
  async render({ model, el }) {
    // A notebook's shortcuts are not meant where a slider or a field has the focus.
    el.dataset.lmSuppressShortcuts = "true";
    el.addEventListener("keydown", (event) => event.stopPropagation());
    const { data, module } = await load(model, el);
    let close = module.default.render({ model, el, data });
    // Rules, surfaces and presets that came from Python later.
    const more = (message) => {
      if (message.kind !== "optlearn-more") return;
      for (const kind of Object.keys(message.data)) Object.assign(data[kind], message.data[kind]);
      el.style.minHeight = el.offsetHeight + "px";
      close();
      close = module.default.render({ model, el, data });
      el.style.minHeight = "";
    };
    model.on("msg:custom", more);
    return () => {
      model.off("msg:custom", more);
      close();
    };
  },
};
"""


class ExplorerWidget(anywidget.AnyWidget):  # type: ignore[name-defined]
    """The explorer in a live notebook; made by `optlearn.explore`.

    Its traits are the state of the explorer. They can be observed from Python and linked in the browser
    (``ipywidgets.jslink``).
    """

    _esm = BOOTSTRAP
    version = traitlets.Unicode(bundle.version()).tag(sync=True)
    surface = traitlets.Unicode().tag(sync=True)
    params = traitlets.List().tag(sync=True)
    start = traitlets.List().tag(sync=True)
    steps = traitlets.Int(120).tag(sync=True)
    racers = traitlets.List().tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    noise = traitlets.Float(0.0).tag(sync=True)
    batch = traitlets.Int(0).tag(sync=True)
    delay = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    focus = traitlets.Unicode("step").tag(sync=True)
    speed = traitlets.Float(15.0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    panel = traitlets.Unicode("").tag(sync=True)
    preset = traitlets.Unicode("").tag(sync=True)
    fair = traitlets.Unicode("").tag(sync=True)
    band = traitlets.Bool(False).tag(sync=True)
    map = traitlets.Dict().tag(sync=True)
    prompt = traitlets.Unicode("").tag(sync=True)
    tries = traitlets.List().tag(sync=True)
    only = traitlets.Unicode("").tag(sync=True)
    target = traitlets.Float(1e-3).tag(sync=True)
    relief = traitlets.Bool(False).tag(sync=True)

    def __init__(self, state, data, own):
        super().__init__(**state)
        self._data, self._own, self._offered = data, own, _keys(own())
        self.on_msg(self._answer)

    def offer(self):
        """Send the views the reader's own rules, surfaces and presets, if there are more than before."""
        own = self._own()
        keys = _keys(own)
        if keys != self._offered:
            self._offered = keys
            self.send({"kind": "optlearn-more", "data": own})

    def _answer(self, _, content, buffers):
        want = content.get("want") if isinstance(content, dict) else None
        if want not in ("all", "data"):
            return
        reply = {"kind": "optlearn", "data": self._data()}
        if want == "all":
            reply.update(script=bundle.script(), style=bundle.style())
        self.send(reply)


class StageWidget(anywidget.AnyWidget):  # type: ignore[name-defined]
    """A stage in a live notebook; made by `optlearn.explorer.stages`."""

    @property
    def _esm(self):
        """Made with the first stage, as the script takes half a second."""
        return f"""const held = (() => {{ {bundle.stages_script().replace("export default", "return")} }})();
export default {{
  render({{ model, el }}) {{
    const root = el.getRootNode();
    const place = root instanceof ShadowRoot ? root : document.head;
    if (!place.querySelector("style.optlearn-stage")) {{
      const sheet = Object.assign(document.createElement("style"), {{ className: "optlearn-stage" }});
      sheet.textContent = model.get("style");
      place.append(sheet);
    }}
    el.dataset.lmSuppressShortcuts = "true";
    el.addEventListener("keydown", (event) => event.stopPropagation());
    return held[model.get("kind")].render({{ model, el, data: model.get("given"), home: null }});
  }},
}};"""

    kind = traitlets.Unicode().tag(sync=True)
    style = traitlets.Unicode(bundle.style()).tag(sync=True)
    given = traitlets.Dict().tag(sync=True)
    params = traitlets.List().tag(sync=True)
    racers = traitlets.List().tag(sync=True)
    steps = traitlets.Int(60).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    speed = traitlets.Float(10.0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)

    def __init__(self, kind, state, rules, given):
        super().__init__(kind=kind, given={"rules": rules, "given": given}, **state)


def _keys(own):
    return [sorted(part) for part in own.values()]
