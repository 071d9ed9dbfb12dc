// Surfaces and rules that are typed in the page, in a script of their own that is loaded when one is first asked for.

import { typedSurface } from "./model/formula.js";
import { compile } from "./model/integrator.js";
import { provideTypists } from "./model/link.js";
import { classOf, typedRule } from "./model/typed.js";
import { provideTyping } from "./panels/panels.js";
import { createTyping } from "./panels/typing.js";

const grammarOf = (data) => data.grammar || /** @type {any} */ (window).optlearnExplorer.grammar;

provideTypists({
  surface: (text, data) => typedSurface(text, grammarOf(data), compile),
  rule: (text, data) => typedRule(text, grammarOf(data)),
  python: (rule, data) => classOf(rule, grammarOf(data)),
});

provideTyping((app, place) => createTyping(app, place, grammarOf(app.data)));
