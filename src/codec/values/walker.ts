import { ByteReader, MalformedValueError } from './decoding/byte-reader.js';
import { FORMAT_VERSION, MAX_DEPTH, Tag } from './format.js';

/** Walks an encoded document and counts its objects. */
export class Walker {
  readonly reader: ByteReader;
  /** The table at the head of the document. */
  readonly names: string[] = [];
  /** The number of the next object. */
  objects = 0;

  constructor(bytes: Uint8Array) {
    this.reader = new ByteReader(bytes);
    if (this.reader.byte() !== FORMAT_VERSION) throw new MalformedValueError('has another format version');
    const names = this.reader.count();
    for (let i = 0; i < names; i++) this.names.push(this.reader.string());
  }

  get offset(): number {
    return this.reader.offset;
  }

  /** Returns to a previous position of this walker. */
  goTo(offset: number, objects: number): void {
    this.reader.offset = offset;
    this.objects = objects;
  }

  /** Enters the outermost array and skips the marker; returns the number of items. */
  enterDocument(): number {
    if (this.reader.byte() !== Tag.array) throw new MalformedValueError('is not a document');
    const items = this.begin() - 1;
    this.skip();
    return items;
  }

  enterRecord(): number {
    if (this.reader.byte() !== Tag.object) throw new MalformedValueError('holds no record');
    return this.begin();
  }

  /** Enters a record or an array; returns the number of members. */
  begin(): number {
    this.objects++;
    return this.reader.count();
  }

  name(): string {
    return this.reader.propertyName(this.names);
  }

  number(tag: number): number {
    return tag === Tag.int32 ? this.reader.zigzag() : this.reader.f64();
  }

  buffer(): Uint8Array {
    this.objects++;
    const length = this.reader.unsigned();
    this.reader.unsigned();
    return this.reader.take(length);
  }

  /** Its buffer follows. */
  view(): { readonly kind: number; readonly length: number } {
    this.objects++;
    const kind = this.reader.byte();
    const length = this.reader.unsigned();
    this.reader.unsigned();
    return { kind, length };
  }

  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw new MalformedValueError('is nested too deeply');
    const tag = this.reader.byte();
    switch (tag) {
      case Tag.int32:
      case Tag.reference:
        this.reader.unsigned();
        return;
      case Tag.float64:
        this.reader.f64();
        return;
      case Tag.string:
        this.reader.skipString();
        return;
      case Tag.bigInt:
        this.reader.take(this.reader.unsigned());
        return;
      case Tag.object:
        for (let members = this.begin(); members > 0; members--) {
          this.reader.unsigned();
          this.skip(depth + 1);
        }
        return;
      case Tag.array:
        for (let members = this.begin(); members > 0; members--) this.skip(depth + 1);
        return;
      case Tag.date:
      case Tag.boxed:
        this.objects++;
        this.skip(depth + 1);
        return;
      case Tag.arrayBuffer:
        this.buffer();
        return;
      case Tag.typedArray:
        this.view();
        this.skip(depth + 1);
        return;
      default:
        if (tag > Tag.true) throw new MalformedValueError(`has unknown tag ${tag}`);
    }
  }
}
