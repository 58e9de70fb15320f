// What can be measured of a view's looks: accessibility by axe, nothing cut or overlapping, nothing
// that moves by itself, nothing invisible that takes space.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** axe's violations in the open dialog, or in the page if none is open. `rules` runs only those. */
export async function axe(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  return page.evaluate(async (rules) => {
    type Node = { target: string[]; failureSummary?: string };
    type Results = { violations: { id: string; nodes: Node[] }[] };
    const { axe } = window as unknown as { axe: { run: (root: Node | Element | Document, options: object) => Promise<Results> } };
    const root = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
    const found = await axe.run(root, { resultTypes: ["violations"], ...(rules ? { runOnly: { type: "rule", values: rules } } : {}) });
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n").slice(1).join(" ").trim()}`));
  }, rules);
}

/**
 * Waits until all transitions have ended: reduced motion leaves each its hundredth of a
 * millisecond, and an inherited one begins when its parent's has ended.
 */
export const still = (page: Page) =>
  page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState === "finished" || animation.effect?.getTiming().iterations === Infinity));

/** Records what moves by itself, from the first paint on. Call it before opening the page. */
export async function watchShifts(page: Page) {
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((all) => {
      for (const entry of all.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node?: Node; previousRect: DOMRect; currentRect: DOMRect }[] })[]) {
        if (entry.hadRecentInput) continue;
        const box = (rect: DOMRect) => [rect.x, rect.y, rect.width, rect.height].map(Math.round).join(" ");
        const moved = entry.sources.map(({ node, previousRect, currentRect }) => {
          const called = node instanceof Element ? `${node.localName}.${node.className}` : (node?.textContent ?? "").slice(0, 40);
          return `${called} from ${box(previousRect)} to ${box(currentRect)}`;
        });
        shifts.push(`${entry.value.toFixed(4)} at ${Math.round(entry.startTime)} ms: ${moved.join(", ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

export const shifts = (page: Page) => page.evaluate(() => (window as unknown as { shifts: string[] }).shifts);

/**
 * What is cut, overlaps, or sticks out of the window, in the open dialog or in the page if none is
 * open.
 */
export function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Box = { left: number; top: number; right: number; bottom: number };
    const faults = new Set<string>();
    const root = ([...document.querySelectorAll("dialog[open]")].at(-1) as HTMLElement | undefined) ?? document.body;
    const width = document.documentElement.clientWidth;
    const height = document.documentElement.clientHeight;
    const words = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 40);
    const called = (element: Element) => {
      const name = element.getAttribute("aria-label") ?? words(element.textContent ?? "");
      const kind = [element.localName, ...element.classList].join(".");
      return `${kind} "${name}"`;
    };
    const shows = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

    if (document.documentElement.scrollWidth > width) {
      // Not the content of a box that scrolls by itself.
      const inScroller = (element: Element) => {
        for (let around = element.parentElement; around && around !== document.body; around = around.parentElement)
          if (getComputedStyle(around).overflowX !== "visible" && around.getBoundingClientRect().right <= width + 1) return true;
        return false;
      };
      const wide = [...document.querySelectorAll("body *")].filter((e) => shows(e) && e.getBoundingClientRect().right > width + 1 && !inScroller(e));
      faults.add(`the page scrolls sideways, ${document.documentElement.scrollWidth - width} px: ${wide.slice(0, 3).map(called).join("; ")}`);
    }
    if (root !== document.body) {
      const box = root.getBoundingClientRect();
      if (box.left < 0 || box.top < 0 || box.right > width || box.bottom > height) faults.add(`${called(root)} sticks out of the window, ${width} by ${height}: ${JSON.stringify(box)}`);
    }

    // What an element's ancestors leave visible of a box, and which of them cuts some of it for
    // good: one that does not scroll.
    const styles = new Map<Element, { x: string; y: string; dots: boolean }>();
    const styleOf = (element: Element) => {
      let style = styles.get(element);
      if (!style) {
        const computed = getComputedStyle(element);
        const dots = computed.textOverflow === "ellipsis" || (computed.webkitLineClamp !== "none" && computed.webkitLineClamp !== "");
        style = { x: computed.overflowX, y: computed.overflowY, dots };
        styles.set(element, style);
      }
      return style;
    };
    const clipped = (from: Element, box: Box): { left: Box; cutter?: Element } => {
      const left = { ...box };
      let cutter: Element | undefined;
      let freeX = true;
      let freeY = true;
      for (let element: Element | null = from; element && element !== document.documentElement; element = element.parentElement) {
        const { x, y, dots } = styleOf(element);
        if (x === "visible" && y === "visible") continue;
        const border = element.getBoundingClientRect();
        const inner = { left: border.left + element.clientLeft, top: border.top + element.clientTop, right: 0, bottom: 0 };
        inner.right = inner.left + element.clientWidth;
        inner.bottom = inner.top + element.clientHeight;
        const scrolls = (way: string) => way === "auto" || way === "scroll";
        const outX = left.right > inner.right + 1 || left.left < inner.left - 1;
        const outY = left.bottom > inner.bottom + 2 || left.top < inner.top - 2;
        // Beyond a scrolling ancestor, cut content becomes visible by scrolling.
        if (x !== "visible" && outX && freeX && !scrolls(x) && !dots) cutter ??= element;
        if (y !== "visible" && outY && freeY && !scrolls(y) && !dots) cutter ??= element;
        if (scrolls(x) || dots) freeX = false;
        if (scrolls(y) || dots) freeY = false;
        if (x !== "visible") {
          left.left = Math.max(left.left, inner.left);
          left.right = Math.min(left.right, inner.right);
        }
        if (y !== "visible") {
          left.top = Math.max(left.top, inner.top);
          left.bottom = Math.min(left.bottom, inner.bottom);
        }
      }
      return { left, cutter };
    };
    // For screen readers only: present, and meant to be invisible.
    const unseen = (element: Element) => {
      for (let e: Element | null = element; e && e !== root.parentElement; e = e.parentElement) {
        if (e.classList.contains("for-readers")) return true;
        const { width, height } = e.getBoundingClientRect();
        if (width <= 1 && height <= 1 && styleOf(e).x !== "visible") return true;
      }
      return false;
    };

    const texts: { box: Box; element: Element; text: string }[] = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = words(node.textContent ?? "");
      const element = node.parentElement;
      if (!text || !element || !shows(element) || unseen(element)) continue;
      if (element.closest("select, textarea, title, script, style")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        if (rect.width < 1 || rect.height < 1) continue;
        const { left: box, cutter } = clipped(element, rect);
        if (cutter) faults.add(`text cut by ${called(cutter).slice(0, 80)}: "${text}"`);
        if (box.right - box.left > 1 && box.bottom - box.top > 1) texts.push({ box, element, text });
      }
    }

    const controls: { box: Box; element: Element }[] = [];
    for (const element of root.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
      if (!shows(element) || unseen(element) || element.closest("svg")) continue;
      // Each line of a wrapped link is a box of its own.
      const rects = element.localName === "a" ? [...element.getClientRects()] : [element.getBoundingClientRect()];
      for (const rect of rects) {
        const { left: box, cutter } = clipped(element.parentElement!, rect);
        if (cutter) faults.add(`${called(element)} is cut by ${called(cutter).slice(0, 80)}`);
        if (box.right - box.left > 1 && box.bottom - box.top > 1) controls.push({ box, element });
      }
      if ((element.localName === "button" || element.localName === "a") && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1) {
        const { x, dots } = styleOf(element);
        if (x === "visible" && !dots) faults.add(`${called(element)} is too narrow for what it says`);
      }
    }

    const shared = (a: Box, b: Box) => {
      const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      return w > 2 && h > 2 ? w * h : 0;
    };
    const area = (a: Box) => (a.right - a.left) * (a.bottom - a.top);
    const related = (a: Element, b: Element) => a.contains(b) || b.contains(a);
    // What lies over the page (a bar that sticks to the window's edge, a toast) may cover what
    // scrolls below it.
    const layerOf = (element: Element) => {
      for (let e: Element | null = element; e && e !== root; e = e.parentElement) {
        if (["fixed", "sticky", "absolute"].includes(getComputedStyle(e).position)) return e;
      }
      return null;
    };
    controls.forEach(({ box, element }, i) => {
      for (const other of controls.slice(i + 1)) {
        if (shared(box, other.box) && !related(element, other.element) && layerOf(element) === layerOf(other.element)) faults.add(`${called(element)} overlaps ${called(other.element)}`);
      }
      for (const text of texts) {
        if (shared(box, text.box) > area(text.box) / 5 && !related(element, text.element) && layerOf(element) === layerOf(text.element)) {
          faults.add(`"${text.text}" runs into ${called(element)}`);
        }
      }
    });
    texts.forEach(({ box, element, text }, i) => {
      for (const other of texts.slice(i + 1)) {
        const smaller = Math.min(area(box), area(other.box));
        if (element !== other.element && shared(box, other.box) > smaller / 4 && layerOf(element) === layerOf(other.element)) faults.add(`"${text}" runs into "${other.text}"`);
      }
    });
    return [...faults];
  });
}

/**
 * Boxes that scroll past the end of their visible content: something invisible takes space there.
 * This counts every box that a person or a script can scroll, including those behind a dialog.
 */
export function emptyRoom(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    // Padding and margins at a box's end.
    const SPARE = 48;
    type Box = { left: number; top: number; right: number; bottom: number };
    const root = document.documentElement;
    const words = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 40);
    const called = (element: Element) => `${[element.localName, ...element.classList].join(".")} "${element.getAttribute("aria-label") ?? words(element.textContent ?? "")}"`;

    const styles = new Map<Element, CSSStyleDeclaration>();
    const styleOf = (element: Element) => {
      let style = styles.get(element);
      if (!style) styles.set(element, (style = getComputedStyle(element)));
      return style;
    };
    /** The element that it is positioned in and scrolls with. */
    const around = (element: Element): Element | null => {
      const { position } = styleOf(element);
      if (position === "fixed") return null;
      let parent = element.parentElement;
      if (position === "absolute") while (parent && parent !== root && styleOf(parent).position === "static" && styleOf(parent).transform === "none") parent = parent.parentElement;
      return parent;
    };
    const hidden = new Map<Element, boolean>();
    /** Present, but clipped to nothing or transparent. */
    const unseen = (element: Element): boolean => {
      const known = hidden.get(element);
      if (known !== undefined) return known;
      const { clipPath, display, overflowX } = styleOf(element);
      const { width, height } = element.getBoundingClientRect();
      const clipped = clipPath === "inset(50%)" || (overflowX !== "visible" && Math.min(width, height) <= 1);
      const own = display !== "contents" && (clipped || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
      const is = own || (element.parentElement !== null && unseen(element.parentElement));
      hidden.set(element, is);
      return is;
    };

    // What is visible: text, images, controls, and everything with a background or a border of its
    // own. The page's background is wherever the page is.
    const seen: { box: Box; within: Element | null }[] = [];
    const add = ({ left, top, right, bottom }: DOMRect, within: Element | null) => {
      if (right - left >= 0.5 && bottom - top >= 0.5) seen.push({ box: { left, top, right, bottom }, within });
    };
    const clear = (colour: string) => colour === "transparent" || /[,/] ?0\)$/.test(colour);
    for (const element of document.querySelectorAll("body *")) {
      if (element.parentElement!.closest("svg") || unseen(element)) continue;
      const style = styleOf(element);
      const lined = (["Top", "Right", "Bottom", "Left"] as const).some((side) => parseFloat(style[`border${side}Width`]) > 0 && !clear(style[`border${side}Color`]));
      const painted = lined || !clear(style.backgroundColor) || style.backgroundImage !== "none";
      if (painted || element.matches("svg, img, canvas, button, input, select, textarea")) add(element.getBoundingClientRect(), around(element));
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement!;
      if (!node.textContent!.trim() || element.closest("svg, select, textarea, script, style") || unseen(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) add(rect, element);
    }

    const scrolls = (element: Element) => {
      if (element.scrollHeight <= element.clientHeight + 1 && element.scrollWidth <= element.clientWidth + 1) return false;
      if (element === root) return true;
      const { overflowX, overflowY } = styleOf(element);
      const way = (overflow: string) => ["auto", "scroll", "hidden"].includes(overflow);
      return (way(overflowX) || way(overflowY)) && element.clientHeight > 0 && !element.matches("input, select, textarea, svg, svg *") && !unseen(element);
    };
    const ends = new Map([root, ...document.querySelectorAll("body *")].filter(scrolls).map((element) => [element, { right: -Infinity, bottom: -Infinity }]));
    // Content that a box cuts off becomes visible when that box scrolls, not those around it.
    for (const { box, within } of seen) {
      for (let element = within; element && box.right > box.left && box.bottom > box.top; element = around(element)) {
        const end = ends.get(element);
        if (end) {
          end.right = Math.max(end.right, box.right);
          end.bottom = Math.max(end.bottom, box.bottom);
        }
        if (element === root || element === document.body) continue;
        const { overflowX, overflowY } = styleOf(element);
        const edge = element.getBoundingClientRect();
        if (overflowX !== "visible") Object.assign(box, { left: Math.max(box.left, edge.left), right: Math.min(box.right, edge.right) });
        if (overflowY !== "visible") Object.assign(box, { top: Math.max(box.top, edge.top), bottom: Math.min(box.bottom, edge.bottom) });
      }
    }

    const inside = (element: Element, scroller: Element) => {
      let at: Element | null = element;
      while (at && at !== scroller) at = around(at);
      return at === scroller;
    };
    return [...ends].flatMap(([scroller, end]) => {
      const edge = scroller.getBoundingClientRect();
      const own = scroller === root;
      const last = {
        right: edge.left + scroller.clientLeft + scroller.scrollWidth - (own ? 0 : scroller.scrollLeft),
        bottom: edge.top + scroller.clientTop + scroller.scrollHeight - (own ? 0 : scroller.scrollTop),
      };
      const over = {
        right: scroller.scrollWidth > scroller.clientWidth + 1 ? Math.round(last.right - end.right) : 0,
        bottom: scroller.scrollHeight > scroller.clientHeight + 1 ? Math.round(last.bottom - end.bottom) : 0,
      };
      return (["bottom", "right"] as const)
        .filter((way) => over[way] > SPARE)
        .map((way) => {
          const cause = [...hidden].filter(([element, is]) => is && inside(element, scroller) && element.getBoundingClientRect()[way] > end[way] + SPARE).map(([element]) => element);
          const outer = cause.filter((element) => !cause.includes(element.parentElement!));
          return `${called(scroller)} scrolls on for ${over[way]} px ${way === "bottom" ? "below" : "beside"} its content: ${outer.slice(0, 3).map(called).join("; ") || "nothing hidden found"}`;
        });
    });
  });
}
