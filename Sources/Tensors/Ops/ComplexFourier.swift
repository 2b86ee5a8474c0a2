#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The discrete Fourier transform of complex rows of one length, X[k] = Σ x[j] e^(-2πi·jk/n), by the factors of the length
/// without reordering (Stockham's form, 1966); a length with a large prime factor as a convolution by one of a power of two.
struct ComplexFourier<Lane: BinaryFloatingPoint & SIMDScalar> {
  /// The largest prime factor that is gone through directly.
  private static var largestFactor: Int { 23 }

  let count: Int
  private let factors: [Int]
  /// cos and -sin of 2πk/n.
  private let turns: [(real: Lane, imaginary: Lane)]
  private let chirp: Chirp<Lane>?

  init(_ count: Int) {
    self.count = count
    var (rest, factors) = (count, [Int]())
    for factor in [4, 2, 3, 5] {
      while rest.isMultiple(of: factor), rest > 1 {
        factors.append(factor)
        rest /= factor
      }
    }
    var factor = 7
    while factor <= Self.largestFactor, rest > 1 {
      while rest.isMultiple(of: factor) {
        factors.append(factor)
        rest /= factor
      }
      factor += 2
    }
    chirp = rest > 1 ? Chirp(count) : nil
    self.factors = rest > 1 ? [] : factors
    turns =
      rest > 1
      ? []
      : (0..<count).map { k in
        let angle = -2 * Double.pi * Double(k) / Double(count)
        return (Lane(cos(angle)), Lane(sin(angle)))
      }
  }

  /// The numbers of scratch that a transform needs.
  var scratch: Int { chirp?.scratch ?? 2 * count }

  typealias Target = UnsafeMutablePointer<Lane>

  /// Transforms in place.
  func transform(_ real: Target, _ imaginary: Target, _ scratch: Target) {
    if let chirp { return chirp.transform(real, imaginary, scratch) }
    var (from, to) = ((real, imaginary), (scratch, scratch + count))
    var (length, apart) = (count, 1)
    for factor in factors {
      switch factor {
      case 2: pass2(from, to, length / 2, apart)
      case 4: pass4(from, to, length / 4, apart)
      default: pass(factor, from, to, length / factor, apart)
      }
      swap(&from, &to)
      length /= factor
      apart *= factor
    }
    if from.0 != real {
      real.update(from: from.0, count: count)
      imaginary.update(from: from.1, count: count)
    }
  }

  // A pass takes transforms of length p·m, `apart` side by side, to p times as many of length m.

  private func pass2(_ x: (Target, Target), _ y: (Target, Target), _ m: Int, _ apart: Int) {
    for q in 0..<m {
      let (c, s) = turns[q * apart]
      let (a, b, to) = (q * apart, (q + m) * apart, 2 * q * apart)
      for k in 0..<apart {
        let (xr, xi, yr, yi) = (x.0[a + k], x.1[a + k], x.0[b + k], x.1[b + k])
        (y.0[to + k], y.1[to + k]) = (xr + yr, xi + yi)
        let (dr, di) = (xr - yr, xi - yi)
        (y.0[to + apart + k], y.1[to + apart + k]) = (dr * c - di * s, dr * s + di * c)
      }
    }
  }

  private func pass4(_ x: (Target, Target), _ y: (Target, Target), _ m: Int, _ apart: Int) {
    for q in 0..<m {
      let (w1, w2, w3) = (turns[q * apart], turns[2 * q * apart], turns[3 * q * apart])
      let (a, step, to) = (q * apart, m * apart, 4 * q * apart)
      for k in 0..<apart {
        let i = a + k
        let (ar, ai, br, bi) = (x.0[i], x.1[i], x.0[i + step], x.1[i + step])
        let (cr, ci, dr, di) = (x.0[i + 2 * step], x.1[i + 2 * step], x.0[i + 3 * step], x.1[i + 3 * step])
        let (sr, si, tr, ti) = (ar + cr, ai + ci, ar - cr, ai - ci)
        let (ur, ui, vr, vi) = (br + dr, bi + di, br - dr, bi - di)
        let o = to + k
        (y.0[o], y.1[o]) = (sr + ur, si + ui)
        let (pr, pi) = (tr + vi, ti - vr)
        (y.0[o + apart], y.1[o + apart]) = (pr * w1.real - pi * w1.imaginary, pr * w1.imaginary + pi * w1.real)
        let (qr, qi) = (sr - ur, si - ui)
        (y.0[o + 2 * apart], y.1[o + 2 * apart]) = (
          qr * w2.real - qi * w2.imaginary, qr * w2.imaginary + qi * w2.real
        )
        let (rr, ri) = (tr - vi, ti + vr)
        (y.0[o + 3 * apart], y.1[o + 3 * apart]) = (
          rr * w3.real - ri * w3.imaginary, rr * w3.imaginary + ri * w3.real
        )
      }
    }
  }

  private func pass(_ p: Int, _ x: (Target, Target), _ y: (Target, Target), _ m: Int, _ apart: Int) {
    for q in 0..<m {
      for i in 0..<p {
        let to = (p * q + i) * apart
        for j in 0..<p {
          // e^(-2πi·(ij/p + qi/n)), both as parts of the whole circle.
          let turn = (i * j % p * (count / p) + q * i * apart) % count
          let ((c, s), from) = (turns[turn], (q + m * j) * apart)
          if j == 0 {
            for k in 0..<apart {
              let (xr, xi) = (x.0[from + k], x.1[from + k])
              (y.0[to + k], y.1[to + k]) = (xr * c - xi * s, xr * s + xi * c)
            }
          } else {
            for k in 0..<apart {
              let (xr, xi) = (x.0[from + k], x.1[from + k])
              y.0[to + k] += xr * c - xi * s
              y.1[to + k] += xr * s + xi * c
            }
          }
        }
      }
    }
  }
}

/// A transform as a convolution with e^(πi·k²/n).
private final class Chirp<Lane: BinaryFloatingPoint & SIMDScalar> {
  private let count: Int
  private let plan: ComplexFourier<Lane>
  /// e^(-πi·k²/n).
  private let turns: [(real: Lane, imaginary: Lane)]
  /// The transform of the conjugates.
  private let filter: [(real: Lane, imaginary: Lane)]

  init(_ count: Int) {
    self.count = count
    var size = 1
    while size < 2 * count - 1 { size *= 2 }
    plan = ComplexFourier(size)
    // In double: what is rounded here is in every result. Squares are taken modulo 2n, so that angles stay small.
    let turns = (0..<count).map { k -> (Double, Double) in
      let square = k.multipliedFullWidth(by: k)
      let angle = -Double.pi * Double((2 * count).dividingFullWidth(square).remainder) / Double(count)
      return (cos(angle), sin(angle))
    }
    self.turns = turns.map { (Lane($0), Lane($1)) }
    let exact = ComplexFourier<Double>(size)
    var values = [Double](repeating: 0, count: 2 * size + exact.scratch)
    filter = values.withUnsafeMutableBufferPointer { buffer in
      guard let real = buffer.baseAddress else { return [] }
      for (k, turn) in turns.enumerated() {
        (real[k], real[size + k]) = (turn.0, -turn.1)
        if k > 0 { (real[size - k], real[2 * size - k]) = (turn.0, -turn.1) }
      }
      exact.transform(real, real + size, real + 2 * size)
      return (0..<size).map { (Lane(real[$0] / Double(size)), Lane(real[size + $0] / Double(size))) }
    }
  }

  var scratch: Int { 2 * plan.count + plan.scratch }

  func transform(
    _ real: UnsafeMutablePointer<Lane>, _ imaginary: UnsafeMutablePointer<Lane>, _ scratch: UnsafeMutablePointer<Lane>
  ) {
    let size = plan.count
    let (x, y, rest) = (scratch, scratch + size, scratch + 2 * size)
    for k in 0..<count {
      let (c, s) = turns[k]
      (x[k], y[k]) = (real[k] * c - imaginary[k] * s, real[k] * s + imaginary[k] * c)
    }
    (x + count).update(repeating: 0, count: size - count)
    (y + count).update(repeating: 0, count: size - count)
    plan.transform(x, y, rest)
    for k in 0..<size {
      let (c, s) = filter[k]
      (x[k], y[k]) = (x[k] * c - y[k] * s, x[k] * s + y[k] * c)
    }
    plan.transform(y, x, rest)
    for k in 0..<count {
      let (c, s) = turns[k]
      (real[k], imaginary[k]) = (x[k] * c - y[k] * s, x[k] * s + y[k] * c)
    }
  }
}
