import Foundation

/// base^exponent in f64; 0^0 is 1.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }

/// base^exponent in f64.
func raised(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
