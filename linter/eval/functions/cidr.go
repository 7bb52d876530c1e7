package functions

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// leadingZeros are those of 010.0.0.1, which Terraform passes over: it reads octets as decimal numbers.
var leadingZeros = regexp.MustCompile(`(^|\.)0+([0-9])`)

// onPrefix lets a function of addresses take an IPv4 prefix with leading zeros.
func onPrefix(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params: f.Params(), VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) { return f.ReturnTypeForValues(plainPrefix(args)) },
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(plainPrefix(args)) },
	})
}

func plainPrefix(args []cty.Value) []cty.Value {
	if !args[0].IsKnown() || args[0].IsNull() {
		return args
	}
	plain := append([]cty.Value(nil), args...)
	for text := args[0].AsString(); ; {
		next := leadingZeros.ReplaceAllString(text, "$1$2")
		if next == text {
			plain[0] = cty.StringVal(text)
			return plain
		}
		text = next
	}
}

var netmaskFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if p, err := netip.ParsePrefix(args[0].AsString()); err == nil && p.Addr().Is6() {
			return cty.NilVal, errors.New("IPv6 addresses have no netmask")
		}
		return cidr.NetmaskFunc.Call(args)
	},
})

// subnetFunc takes network numbers of any size, which prefixes of IPv6 need.
var subnetFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "newbits", Type: cty.Number}, {Name: "netnum", Type: cty.Number}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		prefix, err := netip.ParsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, err
		}
		bits, ok := whole(args[1])
		number, ok2 := whole(args[2])
		if !ok || !ok2 || number.Sign() < 0 || !bits.IsInt64() || bits.CmpAbs(big.NewInt(128)) > 0 {
			return cty.NilVal, errors.New("newbits and netnum are whole numbers")
		}
		length := prefix.Bits() + int(bits.Int64())
		switch {
		case length < 0 || length > prefix.Addr().BitLen():
			return cty.NilVal, fmt.Errorf("a prefix of %d bits does not exist", length)
		case number.BitLen() > max(int(bits.Int64()), 0): // fewer bits make the network wider
			return cty.NilVal, fmt.Errorf("%s has no network %s of %d more bits", prefix, number, bits.Int64())
		}
		base := netip.PrefixFrom(prefix.Addr(), min(length, prefix.Bits())).Masked().Addr().AsSlice()
		sum := new(big.Int).Or(new(big.Int).SetBytes(base), number.Lsh(number, uint(prefix.Addr().BitLen()-length)))
		addr, _ := netip.AddrFromSlice(sum.FillBytes(base)) // as long as base, which came from an address
		return cty.StringVal(netip.PrefixFrom(addr, length).String()), nil
	},
})

func whole(v cty.Value) (*big.Int, bool) {
	n, accuracy := v.AsBigFloat().Int(nil)
	return n, n != nil && accuracy == big.Exact
}
