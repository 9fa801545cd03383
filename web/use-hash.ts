import { useEffect, useRef } from "preact/hooks";

/** Hears of another link of the page that is opened where the page is open already: it is not loaded anew. */
export function useHash(onChange: (hash: string) => void): void {
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    const change = () => latest.current(location.hash);
    window.addEventListener("hashchange", change);
    return () => window.removeEventListener("hashchange", change);
  }, []);
}
