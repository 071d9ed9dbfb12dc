// Views beyond the picture, in a script of their own that is loaded when one of them is opened.

import { createInset } from "./inset.js";
import { createFairness, fairPanel } from "./panel_fair.js";
import { mapPanel } from "./panel_map.js";
import { modesPanel } from "./panel_modes.js";
import { createBand, noisePanel } from "./panel_noise.js";
import { provideViews } from "./panels.js";
import { sharePanel } from "./panel_share.js";
import { createWorkshop } from "./worker.js";

provideViews({
  panels: [mapPanel, modesPanel, noisePanel, fairPanel, sharePanel],
  attach(app) {
    app.workshop = createWorkshop();
    createInset(app);
    return [createBand(app), createFairness(app, app.el.querySelector(".olx-racers"))];
  },
});
