// Views beyond the picture, in a script of their own that is loaded when one of them is opened.

import { createInset } from "./view/inset.js";
import { createRelief } from "./view/relief.js";
import { boundPanel, correctionPanel } from "./panels/averages.js";
import { createFairness, fairPanel } from "./panels/fair.js";
import { floorPanel } from "./panels/floor.js";
import { kernelPanel } from "./panels/kernel.js";
import { mapPanel } from "./panels/map.js";
import { modesPanel } from "./panels/modes.js";
import { createBand, noisePanel } from "./panels/noise.js";
import { provideViews } from "./panels/panels.js";
import { schedulePanel } from "./panels/schedule.js";
import { sharePanel } from "./panels/share.js";
import { tilesPanel } from "./panels/tiles.js";
import { createWorkshop } from "./model/worker.js";

provideViews({
  panels: [mapPanel, tilesPanel, modesPanel, noisePanel, fairPanel, sharePanel, schedulePanel, kernelPanel, correctionPanel, floorPanel, boundPanel],
  attach(app) {
    app.workshop = createWorkshop();
    createInset(app);
    return [createBand(app), createRelief(app), createFairness(app, app.el.querySelector(".olx-racers"))];
  },
});
