/// e^x for sixteen lanes, x ≤ 0; what is below -87 or NaN gives 0. Relative error below 2e-7.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r by its Taylor polynomial of degree 7, whose remainder is below 6e-9; 2^n by its
/// exponent bits. Plain multiplications and additions, so the same bits on every machine.
@inline(__always)
func exponential(_ x: SIMD16<Float>) -> SIMD16<Float> {
  let magic: Float = 12_582_912
  // Also turns NaN into the floor: a comparison with it is false.
  let floor = SIMD16<Float>(repeating: -87)
  let isInside = x .> floor
  let inside = floor.replacing(with: x, where: isInside)
  let shifted = inside * 1.442_695_04 + magic
  let n = shifted - magic
  let r = inside - n * 0.693_359_375 + n * 2.121_944_4e-4
  var sum = r * (1.0 / 5040) + (1.0 / 720)
  sum = sum * r + (1.0 / 120)
  sum = sum * r + (1.0 / 24)
  sum = sum * r + (1.0 / 6)
  sum = sum * r + 0.5
  sum = sum * r + 1
  sum = sum * r + 1
  let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
  let scaled = unsafeBitCast(unsafeBitCast(sum, to: SIMD16<Int32>.self) &+ exponent, to: SIMD16<Float>.self)
  return SIMD16<Float>().replacing(with: scaled, where: isInside)
}
