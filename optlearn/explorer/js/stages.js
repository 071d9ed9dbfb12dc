// Stages beside the plane, in a script of their own that is loaded on pages that show one.

import { provideStages } from "./host.js";
import { memoryStage } from "./stages/memory.js";
import { networkStage } from "./stages/network.js";
import { newtonStage } from "./stages/newton.js";

const stages = { memory: memoryStage, newton: newtonStage, network: networkStage };
provideStages(stages);
