import Formats
import Planner

extension InferencePlan {
  /// The plan as programs and the web page are told it: seconds, bytes, joules and US dollars.
  package var json: JSON {
    [
      "model": .string(shape.name), "device": .string(device.name), "prefillSeconds": .number(prefill.seconds),
      "prefillBound": .string(prefill.bound.rawValue), "decodeSeconds": .number(decode.seconds),
      "decodeBound": .string(decode.bound.rawValue), "tokensPerSecond": .number(tokensPerSecond),
      "totalBytes": .number(memory.total), "fits": .bool(fits),
      "joulesPerToken": joulesPerToken.map { .number($0) } ?? .null,
      "dollarsPerMillionTokens": dollarsPerMillionTokens.map { .number($0) } ?? .null,
      "tenthMore": .array(
        increments.map { more in
          [
            "of": .string(more.resource.rawValue), "prefillGain": .number(more.prefillGain),
            "decodeGain": .number(more.decodeGain),
          ]
        }),
    ]
  }
}
