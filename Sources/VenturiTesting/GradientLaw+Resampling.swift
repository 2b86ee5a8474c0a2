import NumericTypes
import Tensors

extension GradientLaw {
  /// The laws of operators that take positions to others: images to larger ones, rows to segments and to their spectra.
  static var resampling: [GradientLaw] {
    func transposed(_ name: String, hasBias: Bool) -> GradientLaw {
      GradientLaw(name) { random in
        let (window, extents) = random.window()
        let groups = random.integer(1...2)
        let (inputs, outputs) = (groups * random.integer(1...2), random.integer(1...3))
        let small = (0..<3).map { window.outputs(extents[$0], axis: $0) }
        let isGiven = random.integer(0...1) == 0
        let x = Shape([random.integer(1...2), inputs] + small)
        let shapes = [x, Shape([inputs, outputs] + window.kernel)] + (hasBias ? [Shape([groups * outputs])] : [])
        return GradientCase(shapes, &random) { parts, context in
          context.transposedConvolution(
            parts[0], parts[1], bias: hasBias ? parts[2] : nil, window: window, extents: isGiven ? extents : nil,
            groups: groups)
        }
      }
    }
    func interpolation(_ name: String, _ interpolation: Interpolation, alignsCorners: Bool = false) -> GradientLaw {
      GradientLaw(name) { random in
        let axes = random.integer(1...3)
        let shape = Shape(
          random.shape(0...2, extents: 1...3).dimensions + random.shape(axes...axes, extents: 1...5).dimensions)
        let extents = (0..<axes).map { _ in random.integer(1...8) }
        return GradientCase([shape], &random) {
          $1.square($1.interpolate($0[0], to: extents, interpolation, alignsCorners: alignsCorners))
        }
      }
    }
    func segments(_ name: String, _ apply: @escaping (Context) -> (Tensor, Tensor, Int) -> Tensor) -> GradientLaw {
      GradientLaw(name) { random in
        let (count, rows) = (random.integer(1...4), random.integer(0...7))
        let places = (0..<rows).map { _ in Double(random.integer(0...count - 1)) }
        let isMaximum = name == "segmentMaximum"
        return GradientCase([Shape([rows] + random.shape(0...2).dimensions)], &random) { inputs, context in
          let made = apply(context)(inputs[0], context.cast(context.doubles(places, [rows]), to: .i64), count)
          // A segment without rows has no largest element.
          let least = context.full([], -100, made.dtype)
          return context.square(isMaximum ? context.maximum(made, least) : made)
        }
      }
    }
    func fourier(_ name: String, _ lengths: ClosedRange<Int>, isInverse: Bool) -> GradientLaw {
      GradientLaw(name) { random in
        let count = random.integer(lengths)
        let leading = random.shape(0...2, extents: random.integer(0...9) == 0 ? 0...2 : 1...3).dimensions
        return GradientCase([Shape(leading + (isInverse ? [count / 2 + 1, 2] : [count]))], &random) {
          $1.square(isInverse ? $1.inverseRealFourier($0[0], count: count) : $1.realFourier($0[0]))
        }
      }
    }
    return [
      transposed("transposedConvolution", hasBias: true), transposed("transposedConvolution.plain", hasBias: false),
      interpolation("interpolate", .linear), interpolation("interpolate.nearest", .nearest),
      interpolation("interpolate.corners", .linear, alignsCorners: true),
      segments("segmentSum") { $0.segmentSum }, segments("segmentMean") { $0.segmentMean },
      segments("segmentMaximum") { $0.segmentMaximum },
      fourier("realFourier", 1...20, isInverse: false), fourier("realFourier.long", 21...64, isInverse: false),
      fourier("inverseRealFourier", 1...20, isInverse: true),
      fourier("inverseRealFourier.long", 21...64, isInverse: true),
    ]
  }

  /// The laws of sums over named axes.
  static var contractions: [GradientLaw] {
    [
      "ij,jk->ik", "bij,bjk->bik", "bqhd,bkhd->bhqk", "ij->ji", "ij->", "ii->i", "ii", "ij,j,i", "ijj,k->ki", "i,j->ij",
      "abc,cb,ad->dc", "aab,bcc->ac", "i,i->", "bhqk,bkhd->bqhd",
    ].map { equation in
      GradientLaw("einsum.\(equation)") { random in
        var extents: [Character: Int] = [:]
        for letter in equation where letter.isLetter { extents[letter] = random.integer(1...4) }
        let inputs = (equation.firstIndex(of: "-").map { equation[..<$0] } ?? equation[...]).split(separator: ",")
        let shapes = inputs.map { Shape($0.map { extents[$0] ?? 1 }) }
        return GradientCase(shapes, in: -1...1, &random) { $1.einsum(equation, $0) }
      }
    }
  }
}

extension Random {
  /// A window that fits an image, and the image's extents.
  mutating func window() -> (Window, [Int]) {
    let rank = integer(1...3)
    var (window, extents) = (Window(), [1, 1, 1])
    for axis in 3 - rank..<3 {
      window.kernel[axis] = integer(1...3)
      window.strides[axis] = integer(1...3)
      window.dilations[axis] = integer(1...2)
      let span = window.dilations[axis] * (window.kernel[axis] - 1) + 1
      window.before[axis] = integer(0...min(1, window.kernel[axis] - 1))
      window.after[axis] = integer(0...min(1, window.kernel[axis] - 1))
      extents[axis] = span + integer(0...3)
    }
    return (window, extents)
  }
}
