import protobuf from 'protobufjs';

/** One frame of the long connection. */
export interface Frame {
  readonly SeqID: number;
  readonly LogID: number;
  readonly service: number;
  /** 0 control, 1 data. */
  readonly method: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

/** Turns frames into bytes and back. */
export interface FrameCodec {
  encode(frame: Frame): Uint8Array;
  /** `undefined` for bytes that are no frame. */
  decode(bytes: Uint8Array): Frame | undefined;
}

const proto = `
syntax = "proto2";
package pbbp2;
message Header { required string key = 1; required string value = 2; }
message Frame {
  required uint64 SeqID = 1;
  required uint64 LogID = 2;
  required int32 service = 3;
  required int32 method = 4;
  repeated Header headers = 5;
  optional string payload_encoding = 6;
  optional string payload_type = 7;
  optional bytes payload = 8;
  optional string LogIDNew = 9;
}`;

interface Header {
  readonly key: string;
  readonly value: string;
}

/** Makes the codec. The message layout is the one that Feishu's SDKs carry. */
export function newFrameCodec(): FrameCodec {
  const type = protobuf.parse(proto, { keepCase: true }).root.lookupType('pbbp2.Frame');
  return {
    encode: (frame) => {
      const headers = Object.entries(frame.headers).map(([key, value]): Header => ({ key, value }));
      return type.encode(type.create({ ...frame, headers })).finish();
    },
    decode: (bytes) => {
      try {
        const plain = type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true });
        const list = plain['headers'] as readonly Header[];
        return {
          SeqID: Number(plain['SeqID']),
          LogID: Number(plain['LogID']),
          service: Number(plain['service']),
          method: Number(plain['method']),
          headers: Object.fromEntries(list.map(({ key, value }) => [key, value])),
          payload: plain['payload'] as Uint8Array,
        };
      } catch {
        return undefined;
      }
    },
  };
}
