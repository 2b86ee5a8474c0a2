import NumericTypes
import Tensors

extension GradientLaw {
  /// The laws of the operators that mix sequences.
  static var sequences: [GradientLaw] { rotations + attentions + recurrences }

  private static var rotations: [GradientLaw] {
    [RotaryPairing.halves, .neighbours].map { pairing in
      GradientLaw("rotary.\(pairing)") { random in
        let (rows, heads, width) = (random.integer(1...5), random.integer(1...3), random.integer(2...9))
        let leading = random.shape(0...2, extents: 1...3)
        let rotated = 2 * random.integer(0...width / 2)
        let table = (0..<8 * rotated).map { _ in random.uniform() * 2 - 1 }
        let isGiven = random.integer(0...2) != 0
        let places = random.integer(0...1) == 0 ? [rows] : Shape(leading.dimensions + [rows])
        let positions = (0..<places.count).map { _ in Double(random.integer(0...7)) }
        return GradientCase([Shape(leading.dimensions + [rows, heads, width])], &random) { inputs, context in
          let position = context.cast(context.doubles(positions, places), to: .i64)
          return context.square(
            context.rotary(
              inputs[0], table: context.cast(context.doubles(table, [8, rotated]), to: inputs[0].dtype),
              positions: isGiven ? position : nil, pairing: pairing))
        }
      }
    }
  }

  private static var attentions: [GradientLaw] {
    func law(
      _ name: String, isCausal: Bool, hasWindow: Bool = false, hasDocuments: Bool = false,
      rows: ClosedRange<Int> = 1...7,
      cases: Int = 24
    ) -> GradientLaw {
      var law = GradientLaw(name) { random in
        let (batch, kvHeads, group) = (random.integer(1...2), random.integer(1...2), random.integer(1...3))
        let (depth, width, queries) = (random.integer(1...6), random.integer(1...6), random.integer(rows))
        let keys = hasDocuments ? queries : max(1, queries + random.integer(-2...3))
        let window = hasWindow ? random.integer(1...4) : nil
        let scale = random.integer(0...1) == 0 ? nil : Optional(0.3 + random.uniform())
        var starts: [Double] = []
        for _ in 0..<batch {
          var start = 0
          for position in 0..<queries {
            if random.integer(0...2) == 0 { start = position }
            starts.append(Double(start))
          }
        }
        let shapes: [Shape] = [
          [batch, queries, kvHeads * group, depth], [batch, keys, kvHeads, depth], [batch, keys, kvHeads, width],
        ]
        return GradientCase(shapes, in: -1.5...1.5, &random) { [starts] inputs, context in
          let documents = context.cast(context.doubles(starts, [batch, queries]), to: .i32)
          return context.attention(
            inputs[0], inputs[1], inputs[2], isCausal: isCausal, window: window, starts: hasDocuments ? documents : nil,
            scale: scale)
        }
      }
      law.cases = cases
      return law
    }
    return [
      law("attention", isCausal: true), law("attention.both", isCausal: false),
      law("attention.window", isCausal: true, hasWindow: true),
      law("attention.near", isCausal: false, hasWindow: true),
      law("attention.documents", isCausal: true, hasWindow: true, hasDocuments: true),
      law("attention.packed", isCausal: false, hasDocuments: true),
      law("attention.long", isCausal: true, rows: 60...140, cases: 20),
    ]
  }

  private static var recurrences: [GradientLaw] {
    func law(_ name: String, gates: Int, _ apply: @escaping ([Tensor], Bool, Bool, Bool, Context) -> Tensor)
      -> GradientLaw
    {
      GradientLaw(name) { random in
        let (steps, batch) = (random.integer(1...4), random.integer(1...3))
        let (inputs, units) = (random.integer(1...4), random.integer(0...5) == 0 ? 17 : random.integer(1...4))
        let (hasBias, hasInner, hasState) = (
          random.integer(0...1) == 0, random.integer(0...1) == 0, random.integer(0...1) == 0
        )
        let state: Shape = [batch, units]
        let shapes: [Shape] =
          [[steps, batch, inputs], [gates * units, inputs], [gates * units, units]]
          + (hasBias ? [[gates * units]] : []) + (hasInner ? [[gates * units]] : [])
          + (hasState ? [Shape](repeating: state, count: gates - 2) : [])
        return GradientCase(shapes, in: -1...1, &random) { apply($0, hasBias, hasInner, hasState, $1) }
      }
    }
    return [
      law("lstm", gates: 4) { parts, hasBias, hasInner, hasState, context in
        let made = context.lstm(
          parts[0], inputWeight: parts[1], hiddenWeight: parts[2], inputBias: hasBias ? parts[3] : nil,
          hiddenBias: hasInner ? parts[hasBias ? 4 : 3] : nil,
          state: hasState ? (parts[parts.count - 2], parts[parts.count - 1]) : nil)
        let last = context.add(context.square(made.h), context.multiply(made.c, 0.7))
        return context.add(context.square(made.output), last)
      },
      law("gru", gates: 3) { parts, hasBias, hasInner, hasState, context in
        let made = context.gru(
          parts[0], inputWeight: parts[1], hiddenWeight: parts[2], inputBias: hasBias ? parts[3] : nil,
          hiddenBias: hasInner ? parts[hasBias ? 4 : 3] : nil, state: hasState ? parts[parts.count - 1] : nil)
        return context.add(context.square(made.output), made.h)
      },
    ]
  }
}
