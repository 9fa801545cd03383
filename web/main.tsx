import { render } from "preact";
import { App } from "./app.js";
import "./theme.css";
import "./parts/parts.css";

const page = document.getElementById("page")!;
// What stands there is for those to whom this is not loaded.
page.replaceChildren();
render(<App />, page);
