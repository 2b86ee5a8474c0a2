#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The discrete Fourier transform of any length: by halving for powers of two (Cooley, Tukey 1965), else as a convolution
/// that is (Bluestein 1970).
enum FourierTransform {
  /// Σ x[j] · e^(∓2πi·jk/n); the inverse is divided by n.
  static func transform(_ real: [Double], _ imaginary: [Double], inverse: Bool) -> (real: [Double], imaginary: [Double])
  {
    let n = real.count
    if n <= 1 { return (real, imaginary) }
    var (a, b) = (real, imaginary)
    if n & (n - 1) == 0 { radix2(&a, &b, inverse: inverse) } else { chirp(&a, &b, inverse: inverse) }
    if inverse {
      for i in 0..<n {
        a[i] /= Double(n)
        b[i] /= Double(n)
      }
    }
    return (a, b)
  }

  private static func radix2(_ a: inout [Double], _ b: inout [Double], inverse: Bool) {
    let n = a.count
    var j = 0
    for i in 1..<n {
      var bit = n >> 1
      while j & bit != 0 {
        j ^= bit
        bit >>= 1
      }
      j |= bit
      if i < j {
        a.swapAt(i, j)
        b.swapAt(i, j)
      }
    }
    var length = 2
    while length <= n {
      let half = length / 2
      let angle = (inverse ? 2 : -2) * Double.pi / Double(length)
      let turns = (0..<half).map { (cos(angle * Double($0)), sin(angle * Double($0))) }
      for start in stride(from: 0, to: n, by: length) {
        for k in 0..<half {
          let (i, o) = (start + k, start + k + half)
          let (c, s) = turns[k]
          let (x, y) = (a[o] * c - b[o] * s, a[o] * s + b[o] * c)
          (a[o], b[o]) = (a[i] - x, b[i] - y)
          (a[i], b[i]) = (a[i] + x, b[i] + y)
        }
      }
      length *= 2
    }
  }

  private static func chirp(_ a: inout [Double], _ b: inout [Double], inverse: Bool) {
    let n = a.count
    var size = 1
    while size < 2 * n - 1 { size *= 2 }
    // The squares of the positions are taken modulo 2n, so that angles stay small.
    let turns = (0..<n).map { k -> (Double, Double) in
      let angle = (inverse ? 1 : -1) * Double.pi * Double(k * k % (2 * n)) / Double(n)
      return (cos(angle), sin(angle))
    }
    var (x, y) = ([Double](repeating: 0, count: size), [Double](repeating: 0, count: size))
    var (u, v) = (x, y)
    for k in 0..<n {
      let (c, s) = turns[k]
      (x[k], y[k]) = (a[k] * c - b[k] * s, a[k] * s + b[k] * c)
      (u[k], v[k]) = (c, -s)
      if k > 0 { (u[size - k], v[size - k]) = (c, -s) }
    }
    radix2(&x, &y, inverse: false)
    radix2(&u, &v, inverse: false)
    for i in 0..<size { (x[i], y[i]) = (x[i] * u[i] - y[i] * v[i], x[i] * v[i] + y[i] * u[i]) }
    radix2(&x, &y, inverse: true)
    for k in 0..<n {
      let (c, s) = turns[k]
      let (p, q) = (x[k] / Double(size), y[k] / Double(size))
      (a[k], b[k]) = (p * c - q * s, p * s + q * c)
    }
  }
}
