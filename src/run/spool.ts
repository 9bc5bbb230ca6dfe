import { openSpoolFile, type SpoolFile } from './spool-file.ts';

/** Byte frames in the order they came: packed in memory up to a limit, in a nameless temporary file above it. */
export interface Spool {
  /** How many frames it holds. */
  readonly size: number;
  /** Bytes of all frames together. */
  readonly bytes: number;
  /** Takes a copy of the frame, without waiting for the disk. @throws ProblemError when the disk fails. */
  append(frame: Uint8Array): void;
  /**
   * Has the next frame written right where it stays.
   * @param most how many bytes it has at most
   * @param write writes from `start` on, and answers where the frame ends; the buffer is not to be kept
   * @throws ProblemError when the disk fails.
   */
  write(most: number, write: (into: Buffer, start: number) => number): void;
  /**
   * The frames that it held when the first one is asked for, in order; may be called again. A frame is a view
   * into the spool, to be read only. Rejects with a `ProblemError` when the disk fails.
   */
  frames(): AsyncIterable<Uint8Array>;
  /** As {@link Spool.frames}, about a megabyte at a time: several times cheaper for small frames. */
  groups(): AsyncIterable<readonly Uint8Array[]>;
  /** Frees memory and file; can be called again. */
  close(): Promise<void>;
}

/** Frames one behind the other, each after its length in four bytes, lowest first. */
interface Block {
  /** Null once the block is safe on disk. */
  data: Uint8Array | null;
  used: number;
  /** Where it is in the file; null while it lives in memory only. */
  position: number | null;
}

const header = 4;
const firstCapacity = 64 * 1024;
const fullCapacity = 1024 * 1024;

/**
 * Opens an empty spool. The file is made when the first block goes to disk.
 * @param memory bytes that may stay in memory, 32 MB when not given; up to 10 MB on their way to the disk come on top
 * @param folder where the temporary file goes
 */
export function openSpool({ memory = 32 * 1024 * 1024, folder }: { memory?: number; folder: string }): Spool {
  let blocks: Block[] = [];
  let file: SpoolFile | undefined;
  let kept = 0;
  let size = 0;
  let bytes = 0;
  let closed = false;
  let block: Block = { data: null, used: 0, position: null };
  let data = new Uint8Array(0);
  let view = Buffer.alloc(0);

  /** Closes the block in hand and begins one that has room for `needed` bytes. */
  function nextBlock(needed: number): void {
    if (block.used > 0) settle(block, data.subarray(0, block.used));
    data = new Uint8Array(Math.max(needed, Math.min(fullCapacity, Math.max(firstCapacity, data.length * 2))));
    view = Buffer.from(data.buffer);
    block = { data, used: 0, position: null };
    blocks.push(block);
  }

  /** Makes room for a frame; answers where it begins. */
  function begin(most: number): number {
    if (closed) throw new Error('the spool is closed');
    if (block.used + header + most > data.length) nextBlock(header + most);
    return block.used + header;
  }

  function finish(start: number, end: number): void {
    const length = end - start;
    const at = block.used;
    data[at] = length;
    data[at + 1] = length >>> 8;
    data[at + 2] = length >>> 16;
    data[at + 3] = length >>> 24;
    block.used = end;
    size += 1;
    bytes += length;
  }

  function settle(full: Block, content: Uint8Array): void {
    if (kept + data.length <= memory) {
      kept += data.length;
      return;
    }
    file ??= openSpoolFile(folder);
    const { position, written } = file.append(content);
    full.position = position;
    if (!written) full.data = null;
    void written?.then(() => {
      full.data = null;
    });
  }

  async function contentOf(one: Block): Promise<Uint8Array> {
    if (one.data) return one.data;
    if (closed || !file || one.position === null) throw new Error('the spool is closed');
    return file.read(one.position, one.used);
  }

  async function* groups(): AsyncGenerator<Uint8Array[]> {
    // Blocks only grow at their end, so lengths taken now are a picture of now.
    const picture = blocks.map((one) => ({ one, used: one.used }));
    for (const { one, used } of picture) yield framesIn(await contentOf(one), used);
  }

  return {
    get size() {
      return size;
    },
    get bytes() {
      return bytes;
    },
    append(frame) {
      const start = begin(frame.length);
      data.set(frame, start);
      finish(start, start + frame.length);
    },
    write(most, write) {
      const start = begin(most);
      finish(start, write(view, start));
    },
    async *frames() {
      for await (const group of groups()) yield* group;
    },
    groups,
    async close() {
      if (closed) return;
      closed = true;
      blocks = [];
      data = new Uint8Array(0);
      view = Buffer.alloc(0);
      block = { data: null, used: 0, position: null };
      await file?.close();
    },
  };
}

function framesIn(content: Uint8Array, used: number): Uint8Array[] {
  const view = new DataView(content.buffer, content.byteOffset, used);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < used; ) {
    const end = at + header + view.getUint32(at, true);
    frames.push(content.subarray(at + header, end));
    at = end;
  }
  return frames;
}
