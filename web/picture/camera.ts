/** What part of a picture is in sight: a point of the picture is at `(point - corner) * scale` on the screen. */
export interface Camera {
  /** The corner at the top left, in the picture's units. */
  readonly x: number;
  readonly y: number;
  /** Pixels per unit. */
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

/** Nearer than this, letters only get coarse. */
export const NEAREST = 2.5;
/** Around what is fitted, in pixels. */
const MARGIN = 12;
/** What the buttons at the top take. */
const TOOLS = 48;

/** Wholly in sight and in the middle, no nearer than `nearest`. */
export function fit(area: Area, view: Size, nearest = 1): Camera {
  const room = (length: number) => Math.max(1, length - 2 * MARGIN);
  const scale = Math.min(
    nearest,
    room(view.width) / Math.max(area.width, 1),
    room(view.height) / Math.max(area.height, 1),
  );
  return {
    scale,
    x: area.x + area.width / 2 - view.width / scale / 2,
    y: area.y + area.height / 2 - view.height / scale / 2,
  };
}

/** Nearer or farther by a factor; the point of the screen stays where it is. */
export function zoom(
  camera: Camera,
  factor: number,
  at: { readonly x: number; readonly y: number },
  farthest: number,
): Camera {
  const scale = Math.max(Math.min(farthest, NEAREST), Math.min(NEAREST, camera.scale * factor));
  return {
    scale,
    x: camera.x + at.x / camera.scale - at.x / scale,
    y: camera.y + at.y / camera.scale - at.y / scale,
  };
}

/** Moved by pixels of the screen. */
export function pan({ x, y, scale }: Camera, right: number, down: number): Camera {
  return { scale, x: x - right / scale, y: y - down / scale };
}

/** So that at least the middle of the screen shows something of the picture. */
export function clamp({ x, y, scale }: Camera, picture: Area, view: Size): Camera {
  const within = (corner: number, length: number, from: number, size: number) => {
    const half = length / scale / 2;
    return Math.max(from, Math.min(from + size, corner + half)) - half;
  };
  return {
    scale,
    x: within(x, view.width, picture.x, picture.width),
    y: within(y, view.height, picture.y, picture.height),
  };
}

/** Moved so that no room is left empty beside the picture that the picture could fill. */
export function filled(camera: Camera, picture: Area, view: Size): Camera {
  const { scale } = camera;
  const along = (corner: number, length: number, from: number, size: number, before = MARGIN) => {
    const [first, last] = [from - before / scale, from + size + MARGIN / scale - length / scale];
    return first > last ? (first + last) / 2 : Math.max(first, Math.min(last, corner));
  };
  return {
    scale,
    x: along(camera.x, view.width, picture.x, picture.width),
    y: along(camera.y, view.height, picture.y, picture.height, TOOLS),
  };
}

/** Which part of the picture a view shows. */
export function areaIn({ x, y, scale }: Camera, { width, height }: Size): Area {
  return { x, y, width: width / scale, height: height / scale };
}

export function meet(one: Area, other: Area): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

/** The least area that holds all; null: there are none. */
export function around(areas: readonly Area[]): Area | null {
  if (areas.length === 0) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of areas) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}
