import { interleaveSamples, type Scale } from '../interleave.ts'
import { requestHot, startKeyedService, withEmbedded } from '../latest.ts'
import { startService } from '../service.ts'
import type { Change, Folders } from './compare.ts'

/** Responses per second for a fresh price, without a key and with one. */
export async function compareLatest({ before, now }: Folders, scale: Scale): Promise<readonly Change[]> {
  await using stack = new AsyncDisposableStack()
  const open = async (folder: string) => withEmbedded(stack.use(await startService({}, folder)))
  const keyed = async (folder: string) => stack.use(await startKeyedService(folder))
  const [openBefore, openNow] = [await open(before), await open(now)]
  const [keyedBefore, keyedNow] = [await keyed(before), await keyed(now)]
  const samples = await interleaveSamples(scale, {
    before: () => requestHot(openBefore, scale),
    now: () => requestHot(openNow, scale),
    keyedBefore: () => requestHot(keyedBefore, scale),
    keyedNow: () => requestHot(keyedNow, scale),
  })
  const unit = 'responses/s'
  return [
    { what: 'hot /prices/latest', unit, before: samples.before, now: samples.now },
    { what: 'the same with a key', unit, before: samples.keyedBefore, now: samples.keyedNow },
  ]
}
