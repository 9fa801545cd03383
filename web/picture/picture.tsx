import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PictureView } from "../machine/protocol.js";
import { areaIn, around, clamp, filled, fit, meet, pan, zoom, type Camera, type Size } from "./camera.js";
import { coloursOf, type Colours } from "./colours.js";
import { draw, type Lights } from "./drawing.js";
import "./picture.css";
import { neighbour, placeAt, sceneOf, wordsOf, type Scene } from "./scene.js";

export interface PictureProps {
  readonly view: PictureView;
  /** Names of boxes and ports: what is chosen, the ways between them, and who is at fault. */
  readonly chosen: readonly string[];
  readonly path: readonly string[];
  readonly culprits: readonly string[];
  /** What to bring into sight; a new object each time. */
  readonly shown: { readonly bdf: string } | null;
  readonly onPick: (bdf: string) => void;
}

/** For how long what was brought into sight is marked. */
const SHOWN_MS = 1600;
/** A pointer that moved less than this has clicked. */
const CLICK = 4;
const STEP = 1.4;

/** The machine on a canvas; the outline says the same to those who cannot see it. */
export function Picture({ view, chosen, path, culprits, shown, onPick }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [focus, setFocus] = useState<string | null>(null);
  const [flash, setFlash] = useState<string | null>(null);
  const [size, setSize] = useState<Size | null>(null);
  // The shape of the first moment: a picture that rearranged itself with the window would lose the eye.
  const [aspect, setAspect] = useState<number | null>(null);
  const scene = useMemo(() => (aspect === null ? null : sceneOf(view, aspect)), [view, aspect]);
  const probe = useRef<HTMLSpanElement>(null);
  const stage = useStage(canvas, probe, scene, size);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      const { clientWidth: width = 0, clientHeight: height = 0 } = canvas.current ?? {};
      if (width === 0 || height === 0) return;
      setSize({ width, height });
      setAspect((before) => before ?? width / height);
    });
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);

  const lights = useMemo<Lights>(
    () => ({ chosen, path: new Set(path), culprits: new Set(culprits), focus, shown: flash }),
    [chosen.join(), path.join(), culprits.join(), focus, flash],
  );
  useEffect(() => stage.light(lights), [lights, scene, size]);
  // A way is of no use out of sight.
  useEffect(() => stage.bring(path), [path.join(), scene, size === null]);
  useEffect(() => {
    if (shown === null) return;
    stage.show(shown.bdf);
    setFlash(shown.bdf);
    const later = setTimeout(() => setFlash(null), SHOWN_MS);
    return () => clearTimeout(later);
  }, [shown, scene]);

  const press = (event: KeyboardEvent) => {
    if (scene === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (key === "Enter" || key === " ") {
      if (focus !== null) onPick(focus);
    } else if (key === "Escape") setFocus(null);
    else if (key === "+" || key === "=") stage.zoomBy(STEP);
    else if (key === "-") stage.zoomBy(1 / STEP);
    else if (key === "0") stage.whole();
    else if (key.startsWith("Arrow")) {
      const next = neighbour(scene, focus, key);
      if (next !== null) {
        setFocus(next);
        stage.show(next);
      }
    } else return;
    event.preventDefault();
  };
  const focused = focus === null ? undefined : scene?.places.get(focus);
  const said = focused === undefined ? "" : wordsOf(focused);
  return (
    <div class="picture">
      <canvas
        ref={canvas}
        class="picture-canvas"
        tabIndex={0}
        role="application"
        aria-label={view.title}
        aria-describedby="picture-help"
        onKeyDown={press}
        onBlur={() => setFocus(null)}
        {...stage.pointer((name) => onPick(name))}
      />
      <span ref={probe} hidden />
      <div class="picture-buttons" role="group" aria-label="Zoom">
        <button type="button" aria-label="Nearer" onClick={() => stage.zoomBy(STEP)}>
          +
        </button>
        <button type="button" aria-label="Farther" onClick={() => stage.zoomBy(1 / STEP)}>
          −
        </button>
        <button type="button" onClick={() => stage.whole()}>
          Whole
        </button>
      </div>
      <p id="picture-help" class="picture-help">
        Click two devices. Drag to move; click, then wheel to zoom. Keys: arrows, Enter, + − 0.
      </p>
      <div class="visually-hidden" role="status">
        {said}
      </div>
      {view.legend.length > 0 && (
        <ul class="picture-legend">
          {view.legend.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What moves and draws: it is kept out of the component, which need not be made anew for each frame. */
interface Stage {
  light(lights: Lights): void;
  /** All of them in sight, readable if that is possible. */
  bring(names: readonly string[]): void;
  /** In the middle, if it is not in sight or not readable. */
  show(name: string): void;
  zoomBy(factor: number): void;
  whole(): void;
  pointer(onPick: (name: string) => void): PointerHandlers;
}

type PointerHandlers = Pick<
  preact.CanvasHTMLAttributes<HTMLCanvasElement>,
  "onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel" | "onWheel" | "onDblClick"
>;

const DARK: Lights = { chosen: [], path: new Set(), culprits: new Set(), focus: null, shown: null };
const READABLE = 0.8;

function useStage(
  canvas: { readonly current: HTMLCanvasElement | null },
  probe: { readonly current: HTMLElement | null },
  scene: Scene | null,
  size: Size | null,
): Stage {
  const state = useRef({
    camera: { x: 0, y: 0, scale: 1 } as Camera,
    lights: DARK,
    colours: null as Colours | null,
    frame: 0,
    isOnPaper: false,
    moved: 0,
    pointers: new Map<number, { x: number; y: number }>(),
  }).current;

  const paint = (camera: Camera, colours: Colours) => {
    if (scene === null || size === null || canvas.current === null) return;
    const ratio = window.devicePixelRatio || 1;
    const { current: element } = canvas;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (element.width !== width || element.height !== height) [element.width, element.height] = [width, height];
    draw(element.getContext("2d")!, scene, camera, size, { colours, lights: state.lights, ratio });
  };
  // A frame that was asked for before there was a scene draws the scene that there is by then.
  const latest = useRef(paint);
  latest.current = paint;
  const redraw = () => {
    if (state.frame !== 0 || state.isOnPaper) return;
    state.frame = requestAnimationFrame(() => {
      state.frame = 0;
      state.colours ??= coloursOf(probe.current!);
      latest.current(state.camera, state.colours);
    });
  };
  const aim = (camera: Camera) => {
    if (scene === null || size === null) return;
    state.camera = clamp(camera, scene, size);
    redraw();
  };
  const farthest = () => (scene === null || size === null ? 1 : fit(scene, size, 1).scale * 0.8);
  const zoomAt = (factor: number, at: { readonly x: number; readonly y: number }) =>
    aim(zoom(state.camera, factor, at, farthest()));

  useEffect(() => {
    if (scene !== null && size !== null) aim(fit(scene, size));
  }, [scene, size === null]);
  useEffect(redraw, [size]);
  useEffect(() => {
    const recolour = () => {
      state.colours = null;
      redraw();
    };
    // What is in sight, in light colours, until the paper is out.
    const forPaper = () => {
      state.isOnPaper = true;
      paint(state.camera, coloursOf(probe.current!, "light"));
    };
    const fromPaper = () => {
      state.isOnPaper = false;
      recolour();
    };
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const theme = new MutationObserver(recolour);
    scheme.addEventListener("change", recolour);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    window.addEventListener("beforeprint", forPaper);
    window.addEventListener("afterprint", fromPaper);
    return () => {
      scheme.removeEventListener("change", recolour);
      theme.disconnect();
      window.removeEventListener("beforeprint", forPaper);
      window.removeEventListener("afterprint", fromPaper);
    };
  }, [scene, size]);
  useEffect(() => () => cancelAnimationFrame(state.frame), []);

  const areasOf = (names: readonly string[]) => names.flatMap((name) => scene?.places.get(name)?.area ?? []);
  const place = ({ clientX, clientY }: { clientX: number; clientY: number }) => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  return {
    light(lights) {
      state.lights = lights;
      redraw();
    },
    bring(names) {
      const area = around(areasOf(names));
      if (area === null || size === null || scene === null) return;
      const sight = areaIn(state.camera, size);
      const isInSight =
        area.x >= sight.x &&
        area.y >= sight.y &&
        area.x + area.width <= sight.x + sight.width &&
        area.y + area.height <= sight.y + sight.height;
      if (!isInSight || state.camera.scale < READABLE) aim(filled(fit(area, size), scene, size));
    },
    show(name) {
      const [area] = areasOf([name]);
      if (area === undefined || size === null) return;
      const isReadable = state.camera.scale >= READABLE && meet(area, areaIn(state.camera, size));
      if (isReadable) return redraw();
      const scale = Math.max(state.camera.scale, READABLE);
      const [x, y] = [area.x + area.width / 2, area.y + area.height / 2];
      aim({ scale, x: x - size.width / scale / 2, y: y - size.height / scale / 2 });
    },
    zoomBy(factor) {
      if (size !== null) zoomAt(factor, { x: size.width / 2, y: size.height / 2 });
    },
    whole() {
      if (scene !== null && size !== null) aim(fit(scene, size));
    },
    pointer: (onPick) => ({
      onPointerDown(event) {
        canvas.current!.setPointerCapture(event.pointerId);
        state.pointers.set(event.pointerId, place(event));
        state.moved = state.pointers.size > 1 ? Infinity : 0;
      },
      onPointerMove(event) {
        const before = state.pointers.get(event.pointerId);
        const now = place(event);
        if (before === undefined) {
          const { x, y, scale } = state.camera;
          const isOver = scene !== null && placeAt(scene, x + now.x / scale, y + now.y / scale) !== null;
          canvas.current!.style.cursor = isOver ? "pointer" : "grab";
          return;
        }
        const others = [...state.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        state.pointers.set(event.pointerId, now);
        const [other] = others;
        if (other !== undefined) {
          const apart = (at: typeof now) => Math.hypot(at.x - other.x, at.y - other.y) || 1;
          zoomAt(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
          return;
        }
        state.moved += Math.hypot(now.x - before.x, now.y - before.y);
        if (state.moved > CLICK) aim(pan(state.camera, now.x - before.x, now.y - before.y));
      },
      onPointerUp(event) {
        state.pointers.delete(event.pointerId);
        if (state.moved > CLICK || scene === null) return;
        const at = place(event);
        const { x, y, scale } = state.camera;
        const found = placeAt(scene, x + at.x / scale, y + at.y / scale);
        if (found !== null) onPick(found.name);
      },
      onPointerCancel(event) {
        state.pointers.delete(event.pointerId);
      },
      onWheel(event) {
        // Until somebody has clicked it, a wheel over the picture scrolls the page.
        if (!event.ctrlKey && document.activeElement !== canvas.current) return;
        event.preventDefault();
        zoomAt(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), place(event));
      },
      onDblClick(event) {
        zoomAt(2, place(event));
      },
    }),
  };
}
