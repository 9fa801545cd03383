import { useEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "peerlane-theme";

/** Light, dark, or what the system has; the choice is the one thing that the page remembers. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(remembered);
  useEffect(() => {
    const { dataset } = document.documentElement;
    if (theme === "auto") delete dataset["theme"];
    else dataset["theme"] = theme;
    try {
      if (theme === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // A browser that forbids it forgets.
    }
  }, [theme]);
  return (
    <div class="app-theme">
      <label for="theme">Colours</label>{" "}
      <select
        id="theme"
        value={theme}
        onChange={({ currentTarget }) => setTheme(THEMES.find((each) => each === currentTarget.value) ?? "auto")}
      >
        <option value="auto">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </div>
  );
}

function remembered(): Theme {
  try {
    return THEMES.find((each) => each === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto";
  }
}
