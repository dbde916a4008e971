/**
 * The small model of the text scanner: `BENCH_CORPORA=DIR node scripts/text-model.ts train | evaluate | page`.
 *
 * `train` takes a minute or two on one core and writes text.model; the same data give the same file. `evaluate` measures
 * the shipped scanner, writes bench/text.json and fills the marked part of docs/inspection.md; `page` only fills it again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { encodeModel } from '../src/decide/inspect/text/model/format.ts'
import { readShippedModel } from '../src/decide/inspect/text/model/index.ts'
import { ROOT } from './project.ts'
import { buildModel } from './text-model/build.ts'
import { ownSet, publishedSets, smuggledOrders } from './text-model/corpora.ts'
import { machineDocuments } from './text-model/documents.ts'
import { evaluate, evaluateKnown, shippedScanners } from './text-model/evaluate.ts'
import { figuresPage, filled, type Figures } from './text-model/page.ts'
import { unseenSets } from './text-model/unseen.ts'

const FILE = 'src/decide/inspect/text/model/text.model'
const FIGURES = 'bench/text.json'
const PAGE = 'docs/inspection.md'
const CORPORA = process.env['BENCH_CORPORA'] ?? ''

const VERBS: Readonly<Record<string, () => void>> = { train: trainModel, evaluate: measure, page: fillPage }

function setsOf() {
  return [...publishedSets(CORPORA), ownSet(), machineDocuments()]
}

function trainModel(): void {
  const model = buildModel(setsOf())
  const bytes = encodeModel(model)
  writeFileSync(FILE, bytes)
  console.log(`${FILE}: ${bytes.length} bytes, thresholds ${JSON.stringify(model.header.thresholds)}`)
}

function measure(): void {
  const sets = setsOf()
  const orders = smuggledOrders(CORPORA)
  const scanners = shippedScanners()
  // figures only: whoever sees a line of the held-back part begins to write rules for it
  const figures: Figures = {
    heldBack: evaluate(sets, orders, scanners),
    trainedOn: evaluateKnown(sets, scanners),
    unseen: unseenSets(sets),
    sets: readShippedModel().header.trainedOn,
  }
  writeFileSync(FIGURES, `${JSON.stringify(figures, undefined, 2)}\n`)
  console.log(figuresPage(figures))
  fillPage()
}

function fillPage(): void {
  if (!existsSync(PAGE) || !existsSync(FIGURES))
    return console.log(`${PAGE} or ${FIGURES} is not there: nothing filled`)
  const page = readFileSync(PAGE, 'utf8')
  const figures = JSON.parse(readFileSync(FIGURES, 'utf8')) as Figures
  writeFileSync(PAGE, filled(page, figuresPage(figures)))
  console.log(`${PAGE}: figures filled in`)
}

process.chdir(ROOT)
const started = performance.now()
const act = VERBS[process.argv[2] ?? '']
if (act === undefined) {
  console.error('usage: BENCH_CORPORA=DIR node scripts/text-model.ts train|evaluate|page')
  process.exitCode = 2
} else {
  act()
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`)
}
