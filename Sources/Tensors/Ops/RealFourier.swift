#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Transforms of real rows of one length by complex ones: those of even length as half as many complex numbers.
struct RealFourier<Lane: BinaryFloatingPoint & SIMDScalar> {
  let count: Int
  private let plan: ComplexFourier<Lane>
  /// cos and sin of 2πk/n for k up to n/2, for even n.
  private let turns: [(cosine: Lane, sine: Lane)]

  init(_ count: Int) {
    self.count = count
    let isEven = count.isMultiple(of: 2)
    plan = ComplexFourier(isEven ? count / 2 : count)
    turns =
      isEven
      ? (0...count / 2).map { k in
        let angle = 2 * Double.pi * Double(k) / Double(count)
        return (Lane(cos(angle)), Lane(sin(angle)))
      } : []
  }

  /// The numbers of scratch that a transform needs.
  var scratch: Int { 2 * plan.count + plan.scratch }

  typealias Source = UnsafePointer<Lane>
  typealias Target = UnsafeMutablePointer<Lane>

  /// n real numbers to n/2 + 1 pairs.
  func forward(_ x: Source, _ y: Target, _ scratch: Target) {
    let (real, imaginary) = (scratch, scratch + plan.count)
    let rest = imaginary + plan.count
    if turns.isEmpty {
      real.update(from: x, count: count)
      imaginary.update(repeating: 0, count: count)
      plan.transform(real, imaginary, rest)
      for k in 0...count / 2 { (y[2 * k], y[2 * k + 1]) = (real[k], imaginary[k]) }
      return
    }
    let half = count / 2
    for j in 0..<half { (real[j], imaginary[j]) = (x[2 * j], x[2 * j + 1]) }
    plan.transform(real, imaginary, rest)
    // The transforms of the even and the odd numbers are the even and the odd part; they meet as halves of a larger one do.
    for k in 0...half {
      let (a, b) = (k == half ? 0 : k, k == 0 ? 0 : half - k)
      let (evenReal, evenImaginary) = ((real[a] + real[b]) / 2, (imaginary[a] - imaginary[b]) / 2)
      let (oddReal, oddImaginary) = ((imaginary[a] + imaginary[b]) / 2, (real[b] - real[a]) / 2)
      let (c, s) = turns[k]
      y[2 * k] = evenReal + oddReal * c + oddImaginary * s
      y[2 * k + 1] = evenImaginary + oddImaginary * c - oddReal * s
    }
  }

  /// n/2 + 1 pairs to n real numbers.
  func backward(_ x: Source, _ y: Target, _ scratch: Target) {
    let (real, imaginary) = (scratch, scratch + plan.count)
    let rest = imaginary + plan.count
    let scale = 1 / Lane(plan.count)
    if turns.isEmpty {
      (real[0], imaginary[0]) = (x[0], 0)
      for k in 1..<max(1, count / 2 + 1) {
        (real[k], imaginary[k]) = (x[2 * k], x[2 * k + 1])
        (real[count - k], imaginary[count - k]) = (x[2 * k], -x[2 * k + 1])
      }
      // Exchanged, the parts go the other way round the circle.
      plan.transform(imaginary, real, rest)
      for j in 0..<count { y[j] = real[j] * scale }
      return
    }
    let half = count / 2
    for k in 0..<half {
      let b = half - k
      let (aImaginary, bImaginary) = (k == 0 ? 0 : x[2 * k + 1], k == 0 ? 0 : x[2 * b + 1])
      let (evenReal, evenImaginary) = ((x[2 * k] + x[2 * b]) / 2, (aImaginary - bImaginary) / 2)
      let (differenceReal, differenceImaginary) = ((x[2 * k] - x[2 * b]) / 2, (aImaginary + bImaginary) / 2)
      let (c, s) = turns[k]
      let (oddReal, oddImaginary) = (
        differenceReal * c - differenceImaginary * s, differenceReal * s + differenceImaginary * c
      )
      (real[k], imaginary[k]) = (evenReal - oddImaginary, evenImaginary + oddReal)
    }
    plan.transform(imaginary, real, rest)
    for j in 0..<half { (y[2 * j], y[2 * j + 1]) = (real[j] * scale, imaginary[j] * scale) }
  }
}
