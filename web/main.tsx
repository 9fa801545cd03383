import { render } from "preact";
import { App } from "./app.js";
import "./theme.css";
import "./parts/parts.css";

render(<App />, document.getElementById("page")!);
