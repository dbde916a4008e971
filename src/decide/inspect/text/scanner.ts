import {
  channelWeight,
  combined,
  dampedIn,
  ENOUGH_OF_A_RULE,
  outcomeOf,
  riskOfCoded,
  riskOfRules,
  riskOfScore,
  type Weighed,
} from './combine.ts'
import { withGuard } from './guard.ts'
import { invisibleIn, type Invisible } from './invisible.ts'
import { isGarbled } from './decode/mend.ts'
import type { Event } from './lexicon.ts'
import { createMarkFinder } from './mark.ts'
import { createWordMatcher, type Hit } from './match.ts'
import { normalOf, normalTextOf } from './normal.ts'
import { once } from './once.ts'
import { piecesOf } from './piece.ts'
import { furtherViews } from './read.ts'
import { PROMPT_FAMILIES, RULE_FAMILIES } from './rules/index.ts'
import {
  MARKED_FROM,
  type TextChannel,
  type TextFinding,
  type TextModel,
  type TextScanner,
  type TextScannerOptions,
  type TextScanOptions,
  type TextVerdict,
} from './types.ts'
import { unseenFindings } from './unseen.ts'
import { childView, rootView, type View } from './view.ts'
import { zonesOf, type Zones } from './zone.ts'

const ALONE = 'no model took part: this is the judgement of rules alone'
const MOST_VIEWS = 12
/** All views together, in lengths of the text. */
const MOST_LENGTHS = 3
/** A short text may unfold into this much all the same. */
const LEAST_BUDGET = 20_000
/** What a finding counts for how it had to be read, where a person would not have read it. */
const FOR_HIDING = 0.35
/** Behind or before such words something is shown rather than said. */
const DISCUSSED = 0.7
const BEFORE = 120
const AFTER = 60
/** From this factor on a finding is as good as said. */
const UNDAMPED = 0.8
const MOST_SHOWN = 50

/** Made with the first text that is scanned: most commands scan none. */
const reader = once(() => ({
  match: createWordMatcher(RULE_FAMILIES, isGarbled),
  steering: createWordMatcher(PROMPT_FAMILIES),
  marksIn: createMarkFinder(RULE_FAMILIES),
}))

export function createTextScanner({ model, withoutModel, guard }: TextScannerOptions = {}): TextScanner {
  const missing =
    model === undefined ? [withoutModel === undefined ? ALONE : `${ALONE} (${withoutModel})`] : []
  const scan = (text: string, options: TextScanOptions): TextVerdict => {
    const verdict = verdictOf(text, options, model)
    return { ...verdict, notes: [...missing, ...verdict.notes] }
  }
  return {
    scan,
    judge: async (text, options) => {
      const verdict = scan(text, options)
      return guard === undefined ? verdict : await withGuard(verdict, text, options, guard)
    },
  }
}

function verdictOf(text: string, { channel }: TextScanOptions, model: TextModel | undefined): TextVerdict {
  const { pieces, isPartial } = piecesOf(text)
  const findings: Weighed[] = []
  let invisible = 0
  let byModel = 0
  for (const piece of pieces) {
    const found = readPiece(piece.text, { channel }, model)
    invisible += found.invisible
    byModel = Math.max(byModel, found.byModel)
    for (const each of found.findings)
      findings.push({ ...each, start: each.start + piece.offset, end: each.end + piece.offset })
  }
  const isBacked =
    findings.some(({ base }) => base >= ENOUGH_OF_A_RULE) ||
    (byModel >= MARKED_FROM && channel === 'prompt' && isSteering(text))
  const risk = combined(riskOfRules(findings), byModel, channel, isBacked)
  const all = byModel >= MARKED_FROM ? [...findings, modelFinding(text, byModel)] : findings
  return {
    risk: Math.round(risk * 1000) / 1000,
    verdict: outcomeOf(risk),
    findings: distinct(all),
    isPartial,
    invisible,
    notes: [
      ...(isPartial
        ? ['the text is too long to be read whole: its beginning, its end and pieces between were']
        : []),
    ],
  }
}

/** Only asked for what the model holds for remarkable. */
function isSteering(text: string): boolean {
  const { pieces } = piecesOf(text)
  return pieces.some((piece) => reader().steering(normalOf(piece.text).text).hits.length > 0)
}

function modelFinding(text: string, risk: number): TextFinding {
  const reason = 'reads like known attempts to steer a model'
  return {
    rule: 'model.linear',
    family: 'model',
    reason,
    view: 'normal',
    start: 0,
    end: text.length,
    weight: risk,
  }
}

interface Found {
  readonly findings: Weighed[]
  readonly byModel: number
  readonly invisible: number
}

function readPiece(text: string, { channel }: TextScanOptions, model: TextModel | undefined): Found {
  const unseen = invisibleIn(text)
  const findings: Weighed[] = unseenFindings(unseen)
  const zones = once(() => zonesOf(text))
  const { match, marksIn } = reader()
  const seenTexts = new Set<string>()
  const queue: View[] = [rootView(text), ...spelledViews(text, unseen)]
  let budget = Math.max(LEAST_BUDGET, MOST_LENGTHS * text.length)
  let byModel = 0
  for (let at = 0; at < queue.length && at < MOST_VIEWS; at++) {
    const view = queue[at]!
    if (seenTexts.has(view.text) || (at > 0 && view.text.length > budget)) continue
    seenTexts.add(view.text)
    budget -= at > 0 ? view.text.length : 0
    const normal = normalOf(view.text)
    const { hits, events, garbled } = match(normal.text)
    const placed = hits.map((hit) => ({
      ...hit,
      factor: discussed(hit, events, view),
      from: normal.from[hit.start]!,
      to: normal.from[hit.end]!,
    }))
    const marked = marksIn(view.text).map((hit) => ({ ...hit, factor: 1, from: hit.start, to: hit.end }))
    for (const hit of [...placed, ...marked])
      findings.push(...weighed(hit, { source: text, view, zones, channel }))
    if (model !== undefined) byModel = Math.max(byModel, opinionOn(normal.text, view, model, channel))
    queue.push(...furtherViews(view, { normal, garbled }, budget))
  }
  return { findings, byModel, invisible: unseen.count }
}

/** A comment is seldom shown and often honest; nobody writes in base64 or from the end for a person to read it. */
function opinionOn(text: string, view: View, model: TextModel, channel: TextChannel): number {
  const score = model.score(text)
  const isCoded = view.isHidden && !view.name.includes('hidden')
  return (isCoded ? riskOfCoded : riskOfScore)(score, model.thresholds[channel])
}

function spelledViews(text: string, { spelled }: Invisible): View[] {
  const root = rootView(text)
  return spelled
    .slice(0, 3)
    .map(({ text: said, start, end }) =>
      childView(root, 'tags', { text: said, cameFrom: (place) => (place < said.length ? start : end) }),
    )
}

type Placed = Hit & { readonly factor: number; readonly from: number; readonly to: number }

interface Where {
  readonly source: string
  readonly view: View
  readonly zones: () => Zones
  readonly channel: TextChannel
}

function weighed(hit: Placed, { source, view, zones, channel }: Where): Weighed[] {
  const [start, end] = view.locate(hit.from, hit.to)
  const isShownNot = view.name.endsWith('hidden')
  // read otherwise, it is what it was: that is no news
  if (view.depth > 0 && !isShownNot && sameWords(source.slice(start, end), view.text.slice(hit.from, hit.to)))
    return []
  const factor = view.isHidden ? 1 : dampedIn(channel, hit.factor * zones().factorAt(start, end))
  const finding: Weighed = {
    ...{ rule: hit.rule, family: hit.family, reason: hit.reason, view: view.name, start, end },
    weight: Math.min(0.95, hit.weight * factor * channelWeight(channel, hit.family)),
    isDamped: factor < UNDAMPED,
    base: hit.weight * factor,
  }
  return !view.isHidden || finding.weight < 0.3 ? [finding] : [finding, hiding(finding)]
}

function sameWords(one: string, other: string): boolean {
  return one === other || normalTextOf(one) === normalTextOf(other)
}

function hiding({ view, start, end }: Weighed): Weighed {
  const reason = `an instruction that is only there when the text is read as ${view}`
  return {
    rule: 'encoded.instruction',
    family: 'encoded',
    reason,
    view,
    start,
    end,
    weight: FOR_HIDING,
    isDamped: false,
    base: FOR_HIDING,
  }
}

function discussed(hit: Hit, events: readonly Event[], view: View): number {
  if (view.isHidden) return 1
  const { isDiscussion } = reader().match
  for (let at = firstFrom(events, hit.start - BEFORE); at < events.length; at++) {
    const { word, start } = events[at]!
    if (start > hit.end + AFTER) break
    if (isDiscussion(word) && (start < hit.start || start >= hit.end)) return DISCUSSED
  }
  return 1
}

function firstFrom(events: readonly Event[], place: number): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.start < place) low = middle + 1
    else high = middle
  }
  return low
}

/** One finding a rule and place, the heaviest first. */
function distinct(findings: readonly TextFinding[]): TextFinding[] {
  const byPlace = new Map<string, TextFinding>()
  for (const { rule, family, reason, view, start, end, weight } of findings) {
    const key = `${rule} ${start}`
    if ((byPlace.get(key)?.weight ?? -1) < weight)
      byPlace.set(key, { rule, family, reason, view, start, end, weight })
  }
  return [...byPlace.values()]
    .toSorted((a, b) => b.weight - a.weight || a.start - b.start)
    .slice(0, MOST_SHOWN)
}
