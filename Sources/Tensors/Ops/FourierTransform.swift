/// The discrete Fourier transform of complex rows of one length in f64, for callers that hold arrays.
package struct FourierTransform {
  private let plan: ComplexFourier<Double>

  /// A transform of `count` numbers.
  package init(_ count: Int) { plan = ComplexFourier(count) }

  /// Σ x[j] · e^(∓2πi·jk/n), in place; the inverse is divided by n.
  ///
  /// - Precondition: `count` numbers of each part.
  package func transform(_ real: inout [Double], _ imaginary: inout [Double], isInverse: Bool) {
    let count = plan.count
    precondition(
      real.count == count && imaginary.count == count, "\(real.count) and \(imaginary.count) parts of \(count) numbers")
    if count <= 1 { return }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: plan.scratch) { scratch in
      real.withUnsafeMutableBufferPointer { real in
        imaginary.withUnsafeMutableBufferPointer { imaginary in
          guard let scratch = scratch.baseAddress, let x = real.baseAddress, let y = imaginary.baseAddress else {
            return
          }
          // Exchanged, the parts go the other way round the circle.
          if isInverse { plan.transform(y, x, scratch) } else { plan.transform(x, y, scratch) }
        }
      }
    }
    if isInverse {
      for i in 0..<count {
        real[i] /= Double(count)
        imaginary[i] /= Double(count)
      }
    }
  }
}
