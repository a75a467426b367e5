package net
import ("testing";"net";"time";"context";"io";"abad/bft";"fmt")
type pk struct{b []byte; a net.Addr; at time.Time}
type lag struct{net.PacketConn; q chan pk}
func (l lag) WriteTo(p []byte, a net.Addr)(int,error){ select{case l.q<-pk{append([]byte(nil),p...),a,time.Now().Add(150*time.Millisecond)}: default:}; return len(p),nil}
func TestWan(t *testing.T){
 for _,size:=range []int{256<<10,1<<20,8<<20} {
	done:=make(chan int,10000)
	c:=startCluster(t,2,func(conf *Config){ conf.Wrap=func(p net.PacketConn) net.PacketConn{ l:=lag{p,make(chan pk,100000)}; go func(){for x:=range l.q { time.Sleep(time.Until(x.at)); p.WriteTo(x.b,x.a)}}(); return l}
	conf.OnPush=func(ctx context.Context,_ bft.ID,_ []byte,size int64,b io.Reader) error { n,err:=io.Copy(io.Discard,b); done<-int(n); return err}})
	s0:=time.Now()
	c.nodes[1].linksUp(t,1)
	fmt.Println(size, "link up", time.Since(s0))
	body:=make([]byte,size)
	n:= (100<<20)/size
	go func(){ for range n { for !c.nodes[1].Push(0,nil,func()([]byte,error){return body,nil}) { time.Sleep(time.Millisecond)} } }()
	sum:=0; s:=time.Now(); last:=s; ls:=0
	for range n { sum+=<-done; if time.Since(last)>time.Second { fmt.Printf("%.1fs %.1f MB/s\n", time.Since(s).Seconds(), float64(sum-ls)/1e6/time.Since(last).Seconds()); last=time.Now(); ls=sum } }
	st:=c.nodes[1].peers[0].present().conn.ConnectionStats()
	fmt.Println(st.SmoothedRTT, st.PacketsLost, st.CongestionWindow)
 }
}
